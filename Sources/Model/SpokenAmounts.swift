// Ages and sizes as a person is told them: in status, and on the status page.

extension Int64 {
    /// A number of seconds: `59 s`, `12 min`, `3 h`, `5 days`.
    public var age: String {
        switch self {
        case ..<120: "\(self) s"
        case ..<7200: "\(self / 60) min"
        case ..<172_800: "\(self / 3600) h"
        default: "\(self / 86_400) days"
        }
    }

    /// A number of bytes: `900 bytes`, `12 KiB`.
    public var size: String {
        let steps = [(Int64(1) << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        guard let (unit, name) = steps.first(where: { self >= $0.0 }) else {
            return "\(self) bytes"
        }
        return "\(self / unit) \(name)"
    }
}

extension JSON {
    /// A member that is a whole number.
    public func count(_ name: String) -> Int64? {
        if case .number(let digits) = self[name] { Int64(digits) } else { nil }
    }
}
