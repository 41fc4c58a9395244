// One line of git's side of the remote-helper protocol (gitremote-helpers(7)).

import Model

/// What git asks of a helper.
public enum HelperLine: Sendable, Equatable {
    case capabilities
    case option(name: String, value: String)
    case connect(service: String)
    /// A blank line: git is done.
    case end
    case unknown(String)

    /// The longest line that git may send; its own are far shorter.
    public static let maximumLength = 64 * 1024

    /// Reads a line, without its newline.
    public init(_ line: String) {
        if line.isEmpty {
            self = .end
        } else if line == "capabilities" {
            self = .capabilities
        } else if line.hasPrefix("connect ") {
            self = .connect(service: String(line.dropFirst("connect ".count)))
        } else if line.hasPrefix("option ") {
            let rest = line.dropFirst("option ".count)
            let blank = rest.firstIndex(of: " ") ?? rest.endIndex
            self = .option(
                name: String(rest[..<blank]),
                value: String(rest[blank...].dropFirst()))
        } else {
            self = .unknown(line)
        }
    }
}

/// Undoes git's C-style quoting (`quote_c_style`): how `option servpath` spells its value.
///
/// A value that does not begin with a quote stands for itself. Nil for a quoting that git would not
/// write.
public func cUnquoted(_ text: String) -> String? {
    guard text.hasPrefix("\"") else { return text }
    var bytes: [UInt8] = []
    var rest = text.utf8.dropFirst()
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\""):
            return rest.isEmpty ? String(validating: bytes, as: UTF8.self) : nil
        case UInt8(ascii: "\\"):
            guard let unescaped = unescape(&rest) else { return nil }
            bytes.append(unescaped)
        default: bytes.append(byte)
        }
    }
    return nil
}

private func unescape(_ rest: inout Substring.UTF8View) -> UInt8? {
    guard let byte = rest.popFirst() else { return nil }
    switch byte {
    case UInt8(ascii: "a"): return 7
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "v"): return 11
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return byte
    case UInt8(ascii: "0")...UInt8(ascii: "3"):
        let digits = [byte] + rest.prefix(2)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(2)
        return digits.reduce(0) { $0 << 3 | ($1 - 0x30) }
    default: return nil
    }
}
