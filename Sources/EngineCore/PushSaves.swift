// The push machine and branches that are stuck: what is said of them, and where their tips are saved.

import Model

extension PushMachine {
    /// Says that a ref is stuck: once for each reason, and for each tip that was pushed and refused.
    mutating func declare(_ name: RefName) {
        guard var ref = refs[name], ref.isStuck else { return }
        var incident = ref.incident ?? Incident()
        let reason = ref.obstacle ?? .nonFastForward
        let isNewTip = ref.obstacle == .nonFastForward && ref.refusedTip != incident.loudTip
        if incident.loud != reason || isNewTip {
            incident.loud = reason
            if ref.obstacle == .nonFastForward { incident.loudTip = ref.refusedTip }
            if ref.obstacle == nil { ref.lastFailure = whereabouts(ref) }
            // A conflict branch whose name is taken gets another one; nobody has to look.
            let isQuiet = ref.isConflict && reason == .nonFastForward
            if !isQuiet, let trouble = ref.lastFailure {
                actions.append(.announce(.error(name, trouble)))
            }
        }
        ref.incident = incident
        refs[name] = ref
    }

    private func whereabouts(_ ref: RefPush) -> PushTrouble {
        let text =
            ref.originTip.map {
                "origin has \(ref.name) at \($0.short), not where it was last seen"
            }
            ?? "\(ref.name) was deleted on origin"
        return PushTrouble(.nonFastForward, text, time: now, attempt: 1)
    }

    /// Asks for the tip of a stuck ref to be kept on its incident's conflict branch.
    mutating func save(_ name: RefName) {
        guard let ref = refs[name], ref.wantsSave, ref.canBeSaved(policy), let tip = ref.local,
            let incident = ref.incident, !incident.backoff.holds(at: now),
            // One that brings both sides together leaves nothing to be saved.
            !awaitsReconcile(ref)
        else { return }
        refs[name]?.incident?.saving = tip
        if incident.conflict == nil, !ref.isConflict, isFull {
            let count = PushLimits.conflictBranches
            return notSaved(name, tip, "\(count) conflict branches wait for origin already")
        }
        actions.append(.save(name, tip: tip, on: incident.conflict))
    }

    private var isFull: Bool {
        refs.values.count { $0.isConflict } >= PushLimits.conflictBranches
    }

    mutating func saved(_ name: RefName, _ tip: ObjectID, on conflict: RefName?) {
        if refs[name]?.isConflict == true { return renamed(name, tip, to: conflict) }
        let isAwaited = refs[name]?.incident?.saving == tip
        if isAwaited, var incident = refs[name]?.incident {
            if let former = incident.conflict { active.insert(former) }
            incident.saving = nil
            incident.answered = tip
            incident.backoff.reset()
            incident.conflict = conflict ?? incident.conflict
            touch(name) { $0.incident = incident }
        }
        // Of an incident that has ended meanwhile it may be the conflict branch that was forgotten
        // then; what is on it now still has to be sent.
        if let conflict { keep(tip, of: name, on: conflict, isKnown: isAwaited) }
    }

    /// A conflict branch has another name now; nil: nothing on it is to be saved.
    private mutating func renamed(_ name: RefName, _ tip: ObjectID, to other: RefName?) {
        guard name != other, let old = refs[name] else { return }
        if let branch = old.keeps, var incident = refs[branch]?.incident,
            incident.conflict == name
        {
            incident.conflict = other
            incident.answered = tip
            touch(branch) { $0.incident = incident }
        }
        refs[name] = nil
        looking.remove(name)
        active.remove(name)
        guard let other else { return }
        keep(tip, of: old.keeps, on: other, isKnown: true)
        refs[other]?.replaces = name
        // One whose name is taken there must not try one after the other without a wait.
        if old.obstacle != .rejected { refs[other]?.backoff = old.backoff }
    }

    /// - Parameter isKnown: whether the branch is followed already, or has a name that was made just
    ///   now, which origin can have only from somebody else.
    private mutating func keep(
        _ tip: ObjectID, of branch: RefName?, on conflict: RefName, isKnown: Bool
    ) {
        touch(conflict) { ref in
            ref.local = tip
            ref.keeps = branch
            if isKnown, ref.origin == .unknown { ref.origin = .absent }
        }
    }

    mutating func notSaved(_ name: RefName, _ tip: ObjectID, _ text: String) {
        guard var incident = refs[name]?.incident, incident.saving == tip else { return }
        incident.saving = nil
        let attempt = incident.backoff.failures + 1
        let trouble = PushTrouble(.unknown, text, time: now, attempt: attempt)
        if let wait = incident.backoff.fail(at: now, retry, using: &generator) {
            actions.append(.announce(.retry(name, in: wait, trouble)))
        } else {
            actions.append(.announce(.stopped(.maxRetries(name))))
        }
        refs[name]?.incident = incident
    }

    /// The next time that the ref is stuck it gets a conflict branch of its own.
    mutating func endIncident(_ name: RefName) {
        guard let incident = refs[name]?.incident else { return }
        refs[name]?.incident = nil
        // Sent already, it needs no memory; else it still has to be sent.
        if let conflict = incident.conflict { active.insert(conflict) }
    }

    /// Whether an incident goes on that a conflict branch belongs to.
    func isKept(_ conflict: RefPush) -> Bool {
        conflict.keeps.map { refs[$0]?.incident?.conflict == conflict.name } ?? false
    }
}

extension RefPush {
    /// Whether its tip goes to a conflict branch while it is stuck.
    func canBeSaved(_ policy: PushPolicy) -> Bool {
        guard isConflict else { return policy.saveStuck && isBranch }
        return obstacle == .nonFastForward || isElsewhere || isLocked && replaces == nil
    }

    /// Whether it was refused for so long without a reason that it may be a lock, which is of this name
    /// alone: another one may do, and a third would hardly.
    private var isLocked: Bool { obstacle == .rejected && refusedSince != nil }
}
