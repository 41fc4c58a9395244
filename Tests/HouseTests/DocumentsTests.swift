// What is written for users keeps up with what is built: man pages, completions and links.

import Model
import POSIX
import TestSupport
import Testing
import Transport

/// The verbs that have a page.
private let documentedVerbs: [String] = (directoryEntries("\(House.root)/docs/man") ?? []).sorted()
    .filter { $0.hasPrefix("git-pod-") && $0.hasSuffix(".1") }
    .map { String($0.dropFirst("git-pod-".count).dropLast(2)) }

@Suite("The documents")
struct DocumentsTests {
    @Test("git-remote-pod(1) describes every variable of a pod", arguments: PodSettings.variables)
    func variables(name: String) {
        let lines = page("git-remote-pod").split(separator: "\n")
        #expect(lines.contains { $0 == ".It Va \(name)" || $0 == ".It Va \(name) No *" })
    }

    @Test("every variable is an option of git pod add, in its page and in both completions")
    func variablesAsOptions() throws {
        for variable in PodSettings.variables {
            let option = variable.reduce(into: "--") { option, character in
                option += character.isUppercase ? "-\(character.lowercased())" : "\(character)"
            }
            try expect(option, of: "add")
        }
    }

    @Test(
        "the page of a verb and both completions have every option that its help has",
        arguments: documentedVerbs)
    func options(verb: String) throws {
        let help = try run([Products.path("git-pod"), verb, "-h"]).check()
        let options = help.lines.filter { $0.hasPrefix("  --") }.flatMap { line in
            Self.options(in: Self.beforeGap(line.drop { $0 == " " }))
        }
        // Fewer than any verb has would mean that the help is not read as it should be.
        #expect(options.count > 1)
        for option in options { try expect(option, of: verb) }
    }

    @Test("git-pod's own help lists the verbs that have a page, and no other")
    func verbs() throws {
        let help = try run([Products.path("git-pod"), "-h"]).check()
        let listed = help.lines.filter { $0.hasPrefix("  ") }.compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        #expect(listed == documentedVerbs)
        for verb in listed { #expect(page("git-pod").contains("\n.It Cm \(verb)\n")) }
    }

    @Test("every page has the sections that a reader looks for")
    func sections() throws {
        let wanted = [
            "NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "CONFIGURATION", "ENVIRONMENT",
            "EXIT STATUS", "EXAMPLES", "SEE ALSO",
        ]
        for file in try #require(directoryEntries("\(House.root)/docs/man")) {
            let lines = contents("\(House.root)/docs/man/\(file)").split(separator: "\n")
            for section in wanted {
                #expect(lines.contains { $0 == ".Sh \(section)" }, "\(file) has no \(section)")
            }
        }
    }

    @Test("every file that a document links to is there")
    func links() {
        let documents = ["README.md"] + House.files(below: "docs").filter { $0.hasSuffix(".md") }
        var count = 0
        for document in documents {
            let folder = document.lastIndex(of: "/").map { document[...$0] } ?? ""
            for target in Self.links(in: contents("\(House.root)/\(document)")) {
                count += 1
                let path = "\(House.root)/\(folder)\(target)"
                #expect(fileStatus(path) != nil, "\(document) links to \(target)")
            }
        }
        #expect(count > 0)
    }

    @Test(
        "bash completes verbs and options",
        arguments: [
            ([""], "add bridge clone flush lock push reconcile serve status --help --version"),
            (["br"], "bridge"),
            (["add", "prod", "--transport", ""], "ssh kubectl command"),
            (["add", "--force", "--sel"], "--selector --select"),
            (["bridge", "--print-s"], "--print-sshd-config"),
            (["reconcile", "--on"], "--on-divergence --on-rewrite"),
            (["reconcile", "--dry-run", "--on-rewrite", ""], "replay stop"),
            (["clone", "--branch", "main", "--min"], "--min-free"),
            (["status", "--json", "--re"], "--repo --remote"),
            (["serve", "--drain"], "--drain-quiet --drain-timeout"),
            (["serve", "--log-format", ""], "text json"),
            (["flush", "--t"], "--token-file --trust-owner --timeout"),
            (["lock", "--repo", ".", "--l"], "--lock-timeout"),
            (["lock", "--repo", ".", "--", "git-upload-p"], "git-upload-pack"),
        ])
    func bash(words: [String], offered: String) throws {
        let file = "\(House.root)/docs/completions/git-pod.bash"
        let direct = """
            . "$0"; COMP_WORDS=(git-pod "$@"); COMP_CWORD=$#
            __git_pod_main; echo "${COMPREPLY[*]}"
            """
        // As git's completion calls it, for `git -C . pod …`.
        let throughGit = """
            . "$0"; words=(git -C . pod "$@"); cword=$(($# + 3)); __git_cmd_idx=3
            cur=${words[cword]}; _git_pod; echo "${COMPREPLY[*]}"
            """
        for script in [direct, throughGit] {
            let answer = try run(["bash", "--norc", "-c", script, file] + words)
            #expect(answer.output == offered, "\(answer.errors)")
        }
    }

    // MARK: reading them

    private func page(_ name: String) -> String { contents("\(House.root)/docs/man/\(name).1") }

    /// Holds if the page of `verb` and the completions know `option`.
    private func expect(_ option: String, of verb: String) throws {
        let items = page("git-pod-\(verb)").split(separator: "\n").filter { $0.hasPrefix(".It Fl") }
        let documented = items.flatMap { item in
            item.split(separator: " ").filter { $0.hasPrefix("-") }.map { "-\($0)" }
        }
        #expect(documented.contains(option), "git-pod-\(verb).1 lacks \(option)")
        for file in ["git-pod.bash", "_git-pod"] {
            let known = Self.options(in: contents("\(House.root)/docs/completions/\(file)"))
            #expect(known.contains(option), "\(file) lacks \(option)")
        }
    }

    /// The words that are long options, without what stands behind a `=`.
    private static func options(in text: some StringProtocol) -> [String] {
        text.split(whereSeparator: { !($0.isASCII && ($0.isLetter || $0 == "-")) }).map {
            String($0)
        }
        .filter { $0.hasPrefix("--") && $0.count > 2 }
    }

    /// What stands before the first two blanks: the options of a line of help, without its text.
    private static func beforeGap(_ line: some StringProtocol) -> String {
        guard let gap = line.firstRange(of: "  ") else { return String(line) }
        return String(line[..<gap.lowerBound])
    }

    /// The targets of links to files, without anchors.
    private static func links(in text: String) -> [String] {
        text.split(separator: "](").dropFirst().compactMap { piece in
            let target = piece.prefix { $0 != ")" && $0 != "#" }
            return target.isEmpty || target.contains("://") ? nil : String(target)
        }
    }
}
