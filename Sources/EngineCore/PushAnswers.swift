// The push machine and origin's word: reports, failures of whole attempts, and what a look has found.

import Model

extension PushMachine {
    mutating func report(_ results: [RefName: PushResult]) {
        guard let attempt = inFlight else { return }
        inFlight = nil
        backoff.reset()
        loud = nil
        var pushed: [RefUpdate] = []
        for update in attempt.updates {
            let silence = "origin said nothing of \(update.name)"
            switch results[update.name] ?? .refused(.unknown, silence) {
            case .done: confirm(update, &pushed)
            case .refused(let reason, let text): refused(update, reason, text)
            }
        }
        announce(pushed)
    }

    /// The attempt in flight may have arrived at origin or not.
    mutating func failed(_ reason: PushFailureReason, _ text: String) {
        guard let attempt = inFlight else { return }
        inFlight = nil
        let trouble = originTrouble(reason, text)
        for update in attempt.updates {
            touch(update.name) {
                $0.wasSent(update.new)
                $0.lastFailure = trouble
            }
        }
        originFailed(trouble)
    }

    mutating func lookFailed(_ reason: PushFailureReason, _ text: String) {
        let trouble = originTrouble(reason, text)
        // One that nothing here waits for holds nothing up.
        guard !looking.isEmpty else { return sayLoud(trouble) }
        looking = []
        originFailed(trouble)
    }

    /// A failure of origin as a whole. While a wait holds nothing is begun, so that one which comes then
    /// was under way with the one that the wait is for: it is the same try.
    private func originTrouble(_ reason: PushFailureReason, _ text: String) -> PushTrouble {
        let before = backoff.failures - (backoff.holds(at: now) ? 1 : 0)
        return PushTrouble(reason, text, time: now, attempt: before + 1)
    }

    private mutating func sayLoud(_ trouble: PushTrouble) {
        guard trouble.reason != loud, trouble.reason.isForSomebody else { return }
        loud = trouble.reason
        actions.append(.announce(.error(nil, trouble)))
    }

    private mutating func originFailed(_ trouble: PushTrouble) {
        sayLoud(trouble)
        guard !backoff.holds(at: now) else { return }
        if let wait = backoff.fail(at: now, retry, using: &generator) {
            actions.append(.announce(.retry(nil, in: wait, trouble)))
        } else {
            actions.append(.announce(.stopped(.maxRetries(nil))))
        }
    }

    private mutating func refused(
        _ update: RefUpdate, _ first: PushFailureReason, _ text: String
    ) {
        guard var ref = refs[update.name] else { return }
        let left = patience(with: &ref, first)
        let reason = left.map { $0 <= .zero } ?? false ? .rejected : first
        let trouble = PushTrouble(reason, text, time: now, attempt: ref.backoff.failures + 1)
        ref.lastFailure = trouble
        let isFirst = ref.obstacle != .rejected
        if reason == .nonFastForward || reason == .rejected { ref.obstacle = reason }
        if reason == .nonFastForward {
            ref.refusedTip = update.new
            // A run that was killed may have sent a conflict branch, too.
            ref.isDoubtful = ref.isConflict || !ref.unconfirmed.isEmpty
            ref.mustLook = true
        }
        // A conflict branch gets another name then, and must not try one after the other without a wait.
        if reason != .nonFastForward || ref.isConflict {
            let atCap = reason == .rejected
            let wait = ref.backoff.fail(
                at: now, retry, atCap: atCap, longest: atCap ? nil : left, using: &generator)
            if let wait {
                let isLoud = reason == .rejected && isFirst
                if !isLoud { actions.append(.announce(.retry(ref.name, in: wait, trouble))) }
            } else {
                actions.append(.announce(.stopped(.maxRetries(ref.name))))
                // Nobody waits any longer for whoever is at work there.
                if reason == .unknown {
                    ref.obstacle = .rejected
                    ref.lastFailure = PushTrouble(
                        .rejected, text, time: now, attempt: trouble.attempt)
                }
            }
        }
        touch(update.name) { $0 = ref }
    }

    /// How long a refusal may still be nothing but bad luck; nil: its reason tells what it is.
    private func patience(with ref: inout RefPush, _ reason: PushFailureReason) -> Duration? {
        guard reason == .unknown else {
            ref.refusedSince = nil
            return nil
        }
        let since = ref.refusedSince ?? now
        ref.refusedSince = since
        let limit = isDraining ? min(policy.stuckAfter, policy.drainWait) : policy.stuckAfter
        return since + limit - now
    }

    mutating func sighted(_ name: RefName, _ sighting: Sighting) {
        looking.remove(name)
        // What is under way may be the reason for what was seen, or come after it.
        if inFlight?.has(name) == true { return touch(name) { $0.mustLook = true } }
        let (before, time) = (refs[name] ?? RefPush(name), now)
        touch(name) { ref in
            ref.see(sighting)
            ref.lastHeard = time
        }
        guard let ref = refs[name], let tip = ref.originTip, tip == ref.local || ref.knows(tip)
        else { return }
        var pushed: [RefUpdate] = []
        let isNews = before.knows(tip) || ref.followsSeen && sighting.seen != tip
        confirm(RefUpdate(name, from: before.originTip, to: tip), &pushed)
        if isNews { announce(pushed) }
    }

    private mutating func confirm(_ update: RefUpdate, _ pushed: inout [RefUpdate]) {
        let (name, time) = (update.name, now)
        touch(name) { ref in
            ref.confirm(update.new)
            (ref.lastHeard, ref.lastSuccess) = (time, time)
            ref.reconcileBackoff.reset()
        }
        endIncident(name)
        guard let ref = refs[name] else { return }
        if ref.isConflict {
            let notice = Notice.saved(branch: ref.keeps, tip: update.new, on: name)
            actions.append(.announce(notice))
        } else {
            pushed.append(update)
        }
    }

    private mutating func announce(_ pushed: [RefUpdate]) {
        if !pushed.isEmpty { actions.append(.announce(.push(pushed))) }
    }
}

extension RefPush {
    /// Whether origin can have `tip` only from here.
    func knows(_ tip: ObjectID) -> Bool { unconfirmed.contains(tip) }

    /// Takes what origin has, before it is known whether it comes from here.
    mutating func see(_ sighting: Sighting) {
        let before = origin
        origin = sighting.origin.map { .at($0) } ?? .absent
        if followsSeen {
            seen = sighting.seen
            if let tip = sighting.origin, tip == seen { durable = tip }
        } else if !isConflict, durable == nil {
            durable = sighting.origin
        }
        isDoubtful = false
        mustLook = false
        guard origin != before else { return }
        needsPerson = false
        // The refusal was of a push onto something else.
        if obstacle == .nonFastForward { obstacle = nil }
    }
}

extension PushFailureReason {
    /// Whether waiting alone will hardly help.
    fileprivate var isForSomebody: Bool { kind == .refused || self == .diskFull }
}
