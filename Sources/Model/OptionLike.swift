// Words that a program could take for an option of its own.

extension StringProtocol {
    /// Whether the first byte is `-`. Swift's `hasPrefix("-")` asks for the whole character, which `-`
    /// with a combining mark behind it is not; programs look at the byte.
    public var beginsLikeOption: Bool { utf8.first == UInt8(ascii: "-") }
}
