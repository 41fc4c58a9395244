// What a verb is, and how one is found. A verb has a file of its own; main.swift lists them.

import Model
import POSIX

/// One command of git-pod.
struct Verb: Sendable {
    let name: String
    /// For the list of verbs.
    let summary: String
    /// What `--help` prints.
    let help: String
    /// Runs it with the arguments behind the verb.
    let run: @Sendable ([String]) throws(Failure) -> ExitCode
}

/// Runs the verb that `words` begin with; a failure becomes one line on standard error.
func runVerb(_ words: [[UInt8]], of verbs: [Verb]) -> ExitCode {
    let arguments = words.map { String(decoding: $0, as: UTF8.self) }
    do throws(Failure) {
        for word in words { _ = try argumentText(word) }
        switch arguments.first {
        case "-h", "--help", "help":
            try printLine(help(verbs))
            return .done
        case "--version":
            try printLine("git-pod \(version)")
            return .done
        case let name?:
            guard let verb = verbs.first(where: { $0.name == name }) else {
                throw Failure(
                    .configuration, "there is no verb \"\(name)\"", hint: "see git-pod -h")
            }
            let rest = Array(arguments.dropFirst())
            guard !asksForHelp(rest) else {
                try printLine(verb.help)
                return .done
            }
            return try verb.run(rest)
        case nil:
            throw Failure(.configuration, "there is no verb", hint: "see git-pod -h")
        }
    } catch {
        if asksForJSON(arguments) {
            writeAll(JSON.object([("error", .string(error.description))]).text + "\n", to: 1)
        }
        complain(error.description)
        return error.kind.exitCode
    }
}

/// Whether a verb's arguments ask for its help. Behind `--` nothing is an option.
private func asksForHelp(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains { $0 == "-h" || $0 == "--help" }
}

/// Whether a verb was to print one JSON value, which a failure must be then, too.
private func asksForJSON(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains("--json")
}

private func help(_ verbs: [Verb]) -> String {
    let width = verbs.map(\.name.count).max() ?? 0
    let list = verbs.map {
        "  " + $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.summary
    }
    return """
        usage: git pod VERB [ARGUMENTS]

        \(list.joined(separator: "\n"))

        git pod VERB -h says more about one; --version says which git-pod this is.
        """
}

/// One line for the person who called us.
func complain(_ line: String) { writeAll("git-pod: \(line)\n", to: 2) }

/// Prints a text that somebody asked for.
///
/// - Throws: ``Failure`` of kind `failed` if it was not taken.
func printLine(_ text: String) throws(Failure) { try printAll(text + "\n") }
