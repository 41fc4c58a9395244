// The refs that are the engine's own, set whatever they were: origin's tip as it was fetched, and as it
// was acted on.

import Git
import Model

extension Engine {
    /// How often a ref of ours is set anew because somebody else moves it at the same time.
    private static let settingTries = 100

    /// Sets a ref that is ours alone to `new`, whatever it was.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if it is a symbolic ref.
    func set(_ name: RefName, to new: ObjectID, _ message: String) throws(Failure) {
        for _ in 1...Self.settingTries {
            let old = try target(name)
            if old == new { return }
            try checkIsNoAlias(name, hint: away(name))
            if old == nil { try makeRoom(for: name) }
            if try refs.move(name, from: old, to: new, message) { return }
        }
        throw Failure(
            .failed, "\(name) is moved by somebody else all the time",
            hint: "see what fetches there")
    }

    /// What is to be done about a symbolic ref where none belongs.
    func away(_ name: RefName) -> String {
        "take it away: git -C \(repository.path) symbolic-ref -d \(name)"
    }

    /// Has the tracking ref say where origin's branch is; nil: it has none. It is for people: others write
    /// it as well.
    func setTracking(_ tip: ObjectID?) throws(Failure) {
        if let tip { return try set(tracking, to: tip, "origin has it") }
        if let old = try target(tracking) { _ = try refs.delete(tracking, from: old) }
    }

    /// - Throws: ``Failure`` of kind `configuration` if `name` is a symbolic ref: a compare-and-swap of
    ///   one ref would move another, or make two of them.
    func checkIsNoAlias(_ name: RefName, hint: String) throws(Failure) {
        guard
            try attempt({ () throws(GitError) in try self.repository.isSymbolic(name) })
        else { return }
        throw Failure(.configuration, "\(name) is a symbolic ref to another", hint: hint)
    }

    /// Takes away what leaves no room for `name`: `a` stands in the way of `a/b`, and the other way
    /// round. Origin cannot have both, so it is of a branch that is gone; its commit is anchored.
    private func makeRoom(for name: RefName) throws(Failure) {
        let parts = name.description.split(separator: "/")
        // Above `refs/pod/seen` and `refs/remotes/origin` there is nothing of a branch.
        for count in 4..<max(parts.count, 4) {
            guard let parent = RefName(parts.prefix(count).joined(separator: "/")),
                let target = try target(parent)
            else { continue }
            try clear(Reference(parent, target), for: name)
        }
        let below = try attempt { () throws(GitError) in
            try self.repository.references(under: "\(name)/")
        }
        for reference in below { try clear(reference, for: name) }
    }

    private func clear(_ reference: Reference, for name: RefName) throws(Failure) {
        let kept = try anchor(reference.target)
        guard try refs.delete(reference.name, from: reference.target) else { return }
        note("\(reference.name) stood in the way of \(name): its commit is on \(kept.name) now")
    }
}
