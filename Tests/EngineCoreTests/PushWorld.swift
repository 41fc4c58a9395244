// A gitdir and an origin in memory, with commits that know their parents, writers on both sides, and
// trouble by chance. The random tests let a push machine live in it.

import EngineCore
import Model

/// Both sides of a push, and whatever goes wrong between them.
struct PushWorld {
    var chance: SeededGenerator
    /// Each commit's parent, by its number.
    private var parents: [Int?] = [nil]
    var local: [RefName: Int] = [:]
    var origin: [RefName: Int] = [:]
    var seen: [RefName: Int] = [:]
    /// What origin had confirmed and then dropped, by branch.
    var dropped: [RefName: Set<Int>] = [:]
    var rejecting: Set<RefName> = []
    var locked: Set<RefName> = []
    var isDown = false
    private var names = 0

    init(seed: UInt64) { chance = SeededGenerator(seed: seed) }

    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &chance) == 0 }

    // MARK: commits

    mutating func makeCommit(on parent: Int?) -> Int {
        parents.append(parent)
        return parents.count - 1
    }

    func number(_ id: ObjectID) -> Int {
        id.bytes.suffix(4).reduce(0) { $0 << 8 | Int($1) }
    }

    /// The commit itself and all before it.
    func ancestry(_ commit: Int?) -> [Int] {
        Array(sequence(first: commit ?? 0) { parents[$0] }).filter { $0 != 0 }
    }

    func isAncestor(_ old: Int?, of new: Int) -> Bool {
        guard let old else { return true }
        return ancestry(new).contains(old)
    }

    // MARK: writers

    mutating func commitHere(_ name: RefName) {
        let isAmended = oneIn(25)
        let tip = local[name]
        local[name] = makeCommit(on: isAmended ? tip.flatMap { parents[$0] } ?? tip : tip)
    }

    mutating func moveOrigin(_ name: RefName) {
        guard let tip = origin[name] else { return }
        if oneIn(3), let parent = parents[tip] {
            let known = Set(ancestry(seen[name]))
            if known.contains(tip) { dropped[name, default: []].insert(tip) }
            origin[name] = parent
        } else {
            origin[name] = makeCommit(on: tip)
        }
    }

    // MARK: the engine's part

    /// Brings a command list to origin, as far as it goes.
    mutating func apply(_ updates: [RefUpdate]) -> [RefName: PushResult] {
        var results: [RefName: PushResult] = [:]
        for update in updates {
            let (name, new) = (update.name, number(update.new))
            let old = update.old.map(number)
            if origin[name] == new {
                results[name] = .done
            } else if !isAncestor(old, of: new) || origin[name] != old {
                results[name] = .refused(.nonFastForward, "stale info")
            } else if rejecting.contains(name) {
                results[name] = .refused(.rejected, "hook declined")
            } else if locked.contains(name) {
                results[name] = .refused(.unknown, "failed to lock")
            } else {
                origin[name] = new
                results[name] = .done
            }
        }
        return results
    }

    func sighting(_ name: RefName) -> Sighting {
        Sighting(origin: origin[name].map(commit), seen: seen[name].map(commit))
    }

    /// A new conflict branch; now and then somebody has one of that name on origin.
    mutating func makeConflict(at tip: Int) -> RefName {
        names += 1
        let name = branch("conflicts/2026-03-01T04-05-06Z-\(names)")
        local[name] = tip
        if oneIn(20) { origin[name] = makeCommit(on: nil) }
        return name
    }

    mutating func save(_ name: RefName, _ tip: ObjectID, on conflict: RefName?)
        -> PushMachine.Event
    {
        if oneIn(10) { return .notSaved(name, tip: tip, "no space") }
        let number = number(tip)
        if let conflict, let old = local[conflict], isAncestor(old, of: number) {
            local[conflict] = number
            return .saved(name, tip: tip, on: conflict)
        }
        if IncidentName.isConflictBranch(name) { local[name] = nil }
        return .saved(name, tip: tip, on: makeConflict(at: number))
    }

    /// A reconcile as the engine does it, a rebase being one new commit.
    mutating func reconcile(_ name: RefName) -> [PushMachine.Event] {
        guard let ours = local[name], let theirs = origin[name], !isDown else {
            let tip = local[name].map(commit)
            let end = ReconcileEnd(
                outcome: .fetchFailed, escaped: false, local: tip, sighting: nil)
            return [.reconcileEnded(name, end)]
        }
        let isRewritten = !isAncestor(seen[name], of: theirs)
        seen[name] = theirs
        var outcome = Outcome.inSync
        var more: [PushMachine.Event] = []
        if isAncestor(ours, of: theirs) {
            local[name] = theirs
            outcome = ours == theirs ? .inSync : .fastForwarded
        } else if isAncestor(theirs, of: ours), !isRewritten {
            outcome = .pushedAhead
        } else if oneIn(4) {
            let conflict = makeConflict(at: ours)
            local[name] = theirs
            outcome = .conflictEscaped
            more = [.local(conflict, commit(ours)), .sighted(conflict, sighting(conflict))]
        } else {
            local[name] = makeCommit(on: theirs)
            outcome = isRewritten ? .rewritten : .rebased
        }
        let end = ReconcileEnd(
            outcome: outcome, escaped: outcome == .conflictEscaped,
            local: local[name].map(commit), sighting: sighting(name))
        return [.reconcileEnded(name, end)] + more
    }

    mutating func changeTrouble(_ names: [RefName]) {
        if oneIn(2) { isDown.toggle() }
        for name in names where oneIn(4) { rejecting.formSymmetricDifference([name]) }
        for name in names where oneIn(4) { locked.formSymmetricDifference([name]) }
    }

    mutating func endTrouble() {
        isDown = false
        rejecting = []
        locked = []
    }
}
