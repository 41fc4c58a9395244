// Text from a peer, made fit for a terminal or a log line.

extension String {
    /// This text on one line, with every character that could act on a terminal shown as `\xNN` or
    /// `\u{N}`: C0 and C1 controls, DEL, and the Unicode line, paragraph and direction controls.
    public var harmless: String {
        guard unicodeScalars.contains(where: \.actsOnTerminal) else { return self }
        var shown = ""
        for scalar in unicodeScalars {
            guard scalar.actsOnTerminal else {
                shown.unicodeScalars.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            if scalar.value < 0x100 {
                shown += digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
            } else {
                shown += "\\u{\(digits)}"
            }
        }
        return shown
    }
}

extension Unicode.Scalar {
    fileprivate var actsOnTerminal: Bool {
        switch value {
        case 0x00..<0x20, 0x7f..<0xa0: true
        case 0x061c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
