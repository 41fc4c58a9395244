// What the push machine says of itself: watermarks, whether all is done, and what origin lacks.

import Model

extension PushMachine {
    /// Where a ref stands; nil if it is not known.
    public func watermark(of name: RefName) -> Watermark? { refs[name].map(watermark) }

    /// Where all refs stand, conflict branches that are on their way among them, by their names.
    public var watermarks: [Watermark] { refs.values.map(watermark).sorted { $0.name < $1.name } }

    /// How many refs are in each state; states that none is in are left out.
    public var counts: [Watermark.State: Int] {
        refs.values.reduce(into: [:]) { $0[state($1), default: 0] += 1 }
    }

    /// The refs whose tips origin does not have. A stuck branch stands for its conflict branch.
    public var lacking: [Watermark] {
        active.sorted().compactMap { refs[$0] }
            .filter { !($0.isConflict && isKept($0)) }
            .map(watermark).filter(\.isLacking)
    }

    /// Whether nothing is in flight, due or waiting. Origin may still be ``lacking`` what cannot be
    /// sent.
    public var isQuiet: Bool {
        inFlight == nil && asked == nil && reconciling.isEmpty
            && !active.contains { name in refs[name].map(isBusy) ?? false }
    }

    /// Conflict branches that stand for a branch which is stuck: what origin has of them counts.
    public var savedOn: [RefName] { refs.values.compactMap { $0.incident?.conflict }.sorted() }

    /// Whether something is on its way to origin.
    public var isSending: Bool { inFlight != nil }

    /// Whether a reconcile is under way.
    public var isReconciling: Bool { asked != nil || !reconciling.isEmpty }

    /// Whether no attempt is made until somebody triggers one, or drains.
    public var isStopped: Bool { backoff.isStopped }

    private func isBusy(_ ref: RefPush) -> Bool {
        guard ref.isLacking, !backoff.isStopped else { return false }
        // A host that takes no logs would have every end wait for nothing.
        if ref.name.space != nil, ref.obstacle == .rejected { return false }
        let wantsSave = ref.isStuck && ref.canBeSaved(policy)
        if wantsSave, let incident = ref.incident, !incident.backoff.isStopped {
            // Its conflict branch, if it has one, is asked by itself.
            return ref.local != incident.answered
        }
        return ref.isDoubtful || !ref.isTerminal || wantsReconcile(ref)
    }

    private func watermark(_ ref: RefPush) -> Watermark {
        let saved = ref.incident?.conflict.flatMap { name in
            refs[name]?.saved.map { Watermark.Saved(tip: $0, on: name) }
        }
        return Watermark(
            name: ref.name, state: state(ref), local: ref.local, origin: ref.originTip,
            seen: ref.seen, durable: ref.durable, saved: saved, lastHeard: ref.lastHeard,
            lastSuccess: ref.lastSuccess, lastFailure: ref.lastFailure,
            nextAttempt: nextAttempt(ref))
    }

    private func state(_ ref: RefPush) -> Watermark.State {
        if ref.isStuck { return .stuck }
        if inFlight?.has(ref.name) == true { return .pushing }
        if ref.isLacking { return .waiting }
        return ref.isElsewhere ? .originMoved : .inSync
    }
}
