// Options of a verb, read from the front: `--name VALUE` or `--name=VALUE`. A file a verb uses it.

import Model

/// What is left of a verb's arguments.
struct Options {
    private(set) var rest: ArraySlice<String>
    private var attached: String?

    init(_ arguments: [String]) { rest = arguments[...] }

    /// Takes the next option, without what stands behind its `=`. Nil at the first word that is no
    /// option, at the end, and behind `--`.
    mutating func next() -> String? {
        guard let word = rest.first, word.beginsLikeOption, word != "-" else { return nil }
        rest = rest.dropFirst()
        if word == "--" { return nil }
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        attached = parts.count == 2 ? String(parts[1]) : nil
        return String(parts[0])
    }

    /// Takes the first word, whatever it is.
    mutating func takeWord() -> String? { rest.popFirst() }

    /// The value of the option just taken.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if it has none.
    mutating func value(of option: String) throws(Failure) -> String {
        if let value = attached {
            attached = nil
            return value
        }
        guard let value = rest.popFirst() else {
            throw Failure(.configuration, "\(option) needs a value")
        }
        return value
    }

    /// The value of the option just taken, as a whole number.
    mutating func number(of option: String, in range: ClosedRange<Int>) throws(Failure) -> Int {
        let text = try value(of: option)
        guard let number = Int(text), range.contains(number) else {
            throw Failure(
                .configuration, "\(option) \"\(text)\" is no number",
                hint: "give one from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The value of the option just taken, as a duration.
    mutating func duration(of option: String) throws(Failure) -> Duration {
        let text = try value(of: option)
        guard let duration = Duration(configuration: text), duration > .zero else {
            throw Failure(
                .configuration, "\(option) \"\(text)\" is no duration",
                hint: "give \(Duration.configurationForm)")
        }
        return duration
    }

    /// - Throws: ``Failure`` of kind `configuration` if the option just taken has a value.
    func flag(_ option: String) throws(Failure) {
        guard attached == nil else {
            throw Failure(.configuration, "\(option) takes no value")
        }
    }

    /// The failure for an option that the verb does not know.
    static func unknown(_ option: String, verb: String) -> Failure {
        Failure(
            .configuration, "git pod \(verb) has no option \(option)",
            hint: "see git pod \(verb) -h")
    }
}
