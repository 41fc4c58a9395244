// errno as a thrown value.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Failure {
    /// What the system said when we tried `attempt` (an infinitive: "open /srv/pod.git"). Of a full
    /// volume it is known what to do.
    public static func system(
        _ attempt: String, kind: FailureKind = .failed, code: Int32 = errno, hint: String? = nil
    ) -> Failure {
        let isFull = code == ENOSPC || code == EDQUOT
        return Failure(
            kind, "cannot \(attempt): \(errorText(code))",
            hint: hint ?? (isFull ? "free some space on that volume" : nil))
    }
}

/// The system's words for an `errno` value.
public func errorText(_ code: Int32) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
