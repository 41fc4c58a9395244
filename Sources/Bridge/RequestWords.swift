// The words of a request, taken from its front one at a time. Called by ServiceRequest; standard
// library and Model only.

import Model

/// What is left of a request's text.
struct RequestWords {
    static let protocolOption = "--protocol="

    /// Bytes that may stand outside quotes; no resolver takes a path that begins with `~`.
    private static let plainBytes = ShellWords.plainBytes

    private var rest: ArraySlice<UInt8>

    init(_ text: String) { rest = Array(text.utf8)[...] }

    /// The version that `--protocol=N` asks for; nil if N is not 0, 1 or 2.
    static func version(_ word: String) -> Int? {
        switch word {
        case "--protocol=0": 0
        case "--protocol=1": 1
        case "--protocol=2": 2
        default: nil
        }
    }

    /// A plain word and the one space behind it. Nil if there is no such thing.
    mutating func plain() -> String? {
        let word = rest.prefix { Self.plainBytes.contains($0) }
        let after = rest[word.endIndex...]
        guard !word.isEmpty, after.first == UInt8(ascii: " ") else { return nil }
        rest = after.dropFirst()
        return String(decoding: word, as: UTF8.self)
    }

    /// All that is left, as one word, plain or quoted. Nil if it is not exactly that.
    func lastWord() -> String? {
        guard rest.first == UInt8(ascii: "'") else {
            guard !rest.isEmpty, rest.allSatisfy(Self.plainBytes.contains) else { return nil }
            return String(decoding: rest, as: UTF8.self)
        }
        return quoted()
    }

    /// `'…'`, with `\'` or `\!` between two such pieces: what git's sq_dequote takes.
    private func quoted() -> String? {
        var word: [UInt8] = []
        var rest = self.rest
        while rest.popFirst() == UInt8(ascii: "'") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "'")) else { return nil }
            word += rest[..<end]
            rest = rest[end...].dropFirst()
            if rest.isEmpty { return String(decoding: word, as: UTF8.self) }
            guard rest.popFirst() == UInt8(ascii: "\\"), let escaped = rest.popFirst(),
                escaped == UInt8(ascii: "'") || escaped == UInt8(ascii: "!")
            else { return nil }
            word.append(escaped)
        }
        return nil
    }
}
