// errno as a thrown value.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Failure {
    /// What the system said when we tried `attempt` (an infinitive: "open /srv/pod.git").
    public static func system(
        _ attempt: String, kind: FailureKind = .failed, code: Int32 = errno, hint: String? = nil
    ) -> Failure {
        Failure(kind, "cannot \(attempt): \(errorText(code))", hint: hint)
    }
}

/// The system's words for an `errno` value.
public func errorText(_ code: Int32) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
