// Splitting and quoting words as a POSIX shell would, with no shell.
//
// `command` and `remoteCommand` in git config are split here; a far command line that sshd will hand
// to a login shell is quoted here.

/// Words as a POSIX shell reads them (POSIX.1-2017, XCU 2.2 and 2.3), without any expansion.
public enum ShellWords {
    /// Splits `text` at blanks, honouring single quotes, double quotes and backslashes.
    ///
    /// Nil if a quote is left open, a backslash ends the text or a line, or a character stands
    /// unquoted that a shell would act on (`~` and `#` where a word begins): it would not do here
    /// what its writer meant.
    public static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case " ", "\t":
                if let whole = word { words.append(whole) }
                word = nil
            case "'":
                guard let end = rest.firstIndex(of: "'") else { return nil }
                word = (word ?? "") + String(rest[..<end])
                rest = rest[end...].dropFirst()
            case "\"":
                guard let quoted = doubleQuoted(&rest) else { return nil }
                word = (word ?? "") + quoted
            case "\\":
                guard let escaped = rest.popFirst(), escaped != "\n" else { return nil }
                word = (word ?? "") + String(escaped)
            case "|", "&", ";", "<", ">", "(", ")", "$", "`", "\n", "\r", "\0", "*", "?", "[":
                return nil
            case "~" where word == nil, "#" where word == nil: return nil
            default:
                word = (word ?? "") + String(scalar)
            }
        }
        if let whole = word { words.append(whole) }
        return words
    }

    /// Bytes that mean nothing to a shell, but `~` where a word begins.
    public static let plainBytes = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/@+=:,~-".utf8)

    /// Whether `word` needs no quotes.
    public static func isPlain(_ word: String) -> Bool {
        !word.isEmpty && word.utf8.allSatisfy(plainBytes.contains)
    }

    private static func doubleQuoted(_ rest: inout Substring.UnicodeScalarView.SubSequence)
        -> String?
    {
        var word = ""
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return word
            case "$", "`": return nil
            case "\\":
                guard let next = rest.popFirst(), next != "\n" else { return nil }
                if !["\"", "\\", "$", "`"].contains(next) { word += "\\" }
                word += String(next)
            default: word += String(scalar)
            }
        }
        return nil
    }

    /// `text` in single quotes, as git's own `sq_quote` writes it: `'` and `!` stand outside them.
    public static func quote(_ text: String) -> String {
        var quoted = "'"
        for character in text.unicodeScalars {
            if character == "'" || character == "!" {
                quoted += "'\\\(character)'"
            } else {
                quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "'"
    }
}
