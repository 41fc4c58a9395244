// What libgit2 refused: the code, what we were doing, and its own words.

import CLibgit2
import Model

/// A refusal from libgit2, or from the transport that it was given.
public struct GitError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the code means to a caller that must decide something.
    public enum Kind: Sendable, Equatable {
        /// No such object, ref or repository.
        case notFound
        /// The ref has another value than the one that was expected, or exists already.
        case moved
        /// The ref's lock file is held by somebody.
        case locked
        /// No space, no inodes, or a quota.
        case diskFull
        /// An object is missing or cannot be read.
        case corrupt
        /// Our own transport failed: ``GitError/failure`` says how.
        case transport
        case other
    }

    public let kind: Kind
    /// The `git_error_code` returned by the call.
    public let code: Int32
    /// What this program was doing, as an infinitive: "open /srv/pod.git".
    public let attempt: String
    /// What libgit2 said, for a person to read.
    public let detail: String
    /// Whether it is the file system or the object store that failed, as opposed to the far side.
    var isOfFiles = false
    /// What our own transport said, if that is what failed.
    public var transportFailure: Failure?

    public init(_ kind: Kind, _ attempt: String, _ detail: String, code: Int32 = 0) {
        self.kind = kind
        self.code = code
        self.attempt = attempt
        self.detail = detail
    }

    /// Our own transport's failure, thrown through libgit2.
    public init(_ failure: Failure, _ attempt: String) {
        self.init(.transport, attempt, failure.description)
        transportFailure = failure
    }

    /// One line for a person: the attempt first, then the reason.
    public var description: String {
        code == 0
            ? "cannot \(attempt): \(detail)" : "cannot \(attempt): \(detail) (libgit2 \(code))"
    }

    /// The same as every module above throws it.
    public var failure: Failure {
        if let transportFailure { return transportFailure }
        return Failure(.failed, description, hint: hint)
    }

    private var hint: String? {
        switch kind {
        case .diskFull: "free some space on that volume"
        case .corrupt: Failure.lookWithFsck
        case .locked: "another process holds its .lock file; if none does, remove that"
        default: nil
        }
    }
}

extension Failure {
    /// What is to be done about damage.
    static let lookWithFsck = "look at it with git fsck"

    /// The same, which says of damage in which gitdir it is.
    public func naming(_ gitdir: String) -> Failure {
        hint == Self.lookWithFsck
            ? Failure(kind, message, hint: "look at it with git -C \(gitdir) fsck") : self
    }
}

/// Calls libgit2 and throws what it says if it refuses. `call` returns a `git_error_code`.
@discardableResult
func check(_ attempt: @autoclosure () -> String, _ call: () -> Int32) throws(GitError) -> Int32 {
    let code = call()
    guard code < 0 else { return code }
    throw lastError(code, attempt())
}

/// What libgit2 remembers of the call that returned `code`, in this thread.
func lastError(_ code: Int32, _ attempt: String) -> GitError {
    var detail = "no reason given"
    var errorClass = Int32(GIT_ERROR_NONE.rawValue)
    if let error = unsafe git_error_last() {
        detail = unsafe String(cString: error.pointee.message)
        errorClass = unsafe error.pointee.klass
    }
    let isSystem = errorClass == Int32(GIT_ERROR_OS.rawValue)
    let kind: GitError.Kind =
        switch code {
        case GIT_ENOTFOUND.rawValue: .notFound
        case GIT_EMODIFIED.rawValue, GIT_EEXISTS.rawValue: .moved
        case GIT_ELOCKED.rawValue: .locked
        case GIT_EMISMATCH.rawValue: .corrupt
        default:
            isSystem && (detail.contains("No space left") || detail.contains("quota"))
                ? .diskFull : .other
        }
    var error = GitError(kind, attempt, detail, code: code)
    error.isOfFiles =
        isSystem || errorClass == Int32(GIT_ERROR_ODB.rawValue)
        || errorClass == Int32(GIT_ERROR_ZLIB.rawValue)
    return error
}
