// Who does something to a repository, and when: a commit's committer line.

import Model

/// A name, an address and a moment, as a commit records them.
public struct Signature: Sendable, Equatable {
    public let name: String
    public let email: String
    /// Seconds since 1970.
    public let seconds: Int64
    /// Minutes east of UTC.
    public let offset: Int

    public init(name: String, email: String, seconds: Int64, offset: Int = 0) {
        self.name = name
        self.email = email
        self.seconds = seconds
        self.offset = offset
    }

    /// `NAME <EMAIL> SECONDS +HHMM`, without what would break that line.
    var line: String {
        let minutes = abs(offset)
        let zone = minutes / 60 * 100 + minutes % 60
        let digits = String(repeating: "0", count: max(0, 4 - String(zone).count)) + String(zone)
        let sign = offset < 0 ? "-" : "+"
        return "\(Self.clean(name)) <\(Self.clean(email))> \(seconds) \(sign)\(digits)"
    }

    /// Git takes the same off both ends of a name, and leaves the same out of its middle.
    private static func clean(_ text: String) -> String {
        let kept = text.unicodeScalars.filter { $0 != "<" && $0 != ">" && $0 != "\n" && $0 != "\0" }
        let crud: (Unicode.Scalar) -> Bool = {
            $0.value <= 32 || ".,:;\"\\'".unicodeScalars.contains($0)
        }
        let front = kept.drop(while: crud)
        let end = front.lastIndex { !crud($0) }.map { front.index(after: $0) } ?? front.startIndex
        return String(String.UnicodeScalarView(front[..<end]))
    }
}
