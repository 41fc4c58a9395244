// git's own lock on one ref, held while a last decision is made.

import CLibgit2
import Model

extension Repository {
    /// Holds the lock of `name` (its `.lock` file, which every git respects) while `decide` looks at
    /// its value, and moves it to what that returns; nil leaves it alone.
    ///
    /// - Throws: ``GitError`` of kind `locked` if somebody else holds the lock; what `decide` throws.
    /// - Returns: whether it was moved.
    public func withLock(
        on name: RefName, _ message: String,
        decide: (ObjectID?) throws(GitError) -> ObjectID?
    ) throws(GitError) -> Bool {
        var made: OpaquePointer?
        try check("lock \(name)") { unsafe git_transaction_new(&made, handle) }
        defer { unsafe git_transaction_free(made) }
        try check("lock \(name)") { unsafe git_transaction_lock_ref(made, name.description) }
        guard let new = try decide(target(of: name)) else { return false }
        var oid = new.oid
        try check("move \(name)") {
            unsafe git_transaction_set_target(made, name.description, &oid, nil, message)
        }
        try check("move \(name)") { unsafe git_transaction_commit(made) }
        return true
    }
}
