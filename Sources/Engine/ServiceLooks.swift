// What the push service looks at: the refs that it was told of, all of them now and then, and origin.
// Its loop calls this on each turn.

import EngineCore
import Git
import Model
import POSIX

extension Service {
    func seen(_ change: RefWatch.Change?, _ events: inout [PushMachine.Event])
        throws(Failure)
    {
        switch change {
        case nil: return
        case .everything: try lookAtEverything(&events)
        case .refs(let names):
            let head = try head
            for name in names {
                guard name.branch != nil else {
                    look(atLog: name, &events)
                    continue
                }
                let own = (try? repository.followed(name)) ?? name
                guard
                    tips[name] != nil || settings.watches(name, head: head)
                        || own != name && settings.watches(own, head: head)
                else { continue }
                look(at: name, &events)
            }
        }
    }

    /// What is due by the clock.
    func lookAround(_ events: inout [PushMachine.Event]) throws(Failure) {
        if alarm.hasPassed {
            alarm = .never
            events.append(.alarm)
        }
        if nextLook.hasPassed {
            nextLook = .after(settings.recheck)
            try watch.repair()
            try lookAtEverything(&events)
        }
        if settings.origin != nil, nextSample.hasPassed {
            nextSample = .after(LagHistory.interval)
            // Before the first reconcile nobody can tell.
            if beginning.isEmpty { tellStatus { _ in } }
        }
        if nextOriginCheck.hasPassed {
            nextOriginCheck = .after(originChecks.next(after: settings.originCheck))
            // One that waits for the last would wait behind it for every later push.
            if drainEnd == nil, !tips.isEmpty, !isLooking {
                isLooking = true
                log(LogEntry(.debug, "look", "asking origin where its branches are"))
                look(sentRefs.union(machine.savedOn).sorted())
            }
        }
    }

    /// Has what a look has found written down, where it is news; and the objects fetched that are not here:
    /// without them nobody can say what origin still has. No branch moves by that.
    func takeDown(_ found: [RefName: ObjectID?], _ hearsay: Hearsay) {
        guard isAdopted else { return }
        // A reconcile hears for itself, and of what is newer.
        for (name, tip) in found
        where !fetching.contains(name) && tips[name] != nil && !machine.awaitsReconcile(name) {
            let isHere = tip.map(repository.hasCommit) ?? true
            guard !isHere || tip != hearsay.tip(of: name, seen: written(name)) else { continue }
            fetching.insert(name)
            let (steward, mailbox, log) = (steward, mailbox, log)
            stewardLane.add {
                do throws(Failure) {
                    if isHere { try steward.note(tip, of: name) } else { try steward.fetch(name) }
                } catch {
                    log(LogEntry(.debug, "look", "cannot fetch \(name): \(error.description)"))
                }
                mailbox.post(.asked { service, _ in service.fetching.remove(name) })
            }
        }
    }

    /// What refs here say of what was acted on last.
    func written(_ name: RefName) -> ObjectID? {
        name.seen.flatMap { try? repository.target(of: $0) }
    }

    /// The branch that HEAD stands on, or the one that stands for; nil where branches are given by name.
    ///
    /// - Throws: ``Failure`` where there is no HEAD to be read: then there is no gitdir, and branches that
    ///   are not found are not gone.
    var head: RefName? {
        get throws(Failure) {
            let head = try attempt { () throws(GitError) in try self.repository.headBranch() }
            guard settings.patterns == nil, let head else { return nil }
            let own = (try? repository.followed(head)) ?? head
            if own != head { sayAlias(head, of: own) }
            return own
        }
    }

    /// The branch that HEAD stands on: of several the one that is meant where none is named.
    var standingBranch: RefName? {
        guard let head = try? repository.headBranch() else { return nil }
        return (try? repository.followed(head)) ?? head
    }

    func lookAtEverything(_ events: inout [PushMachine.Event]) throws(Failure) {
        forgetUnwatched(&events)
        // A branch that HEAD has left may have commits that origin lacks.
        var names = Set(tips.keys).union(unreadable)
        if let head = try head { names.insert(head) }
        var strange: Set<String> = []
        for pattern in settings.patterns ?? [] {
            if let branch = pattern.branch {
                names.insert(branch)
            } else {
                names.formUnion(try branches(of: pattern, strange: &strange))
            }
        }
        for text in strange.subtracting(nameless).sorted() {
            let why = "\(text) is not sent: its name is no UTF-8, or too long"
            log(LogEntry(.error, "watch", why))
        }
        nameless = strange
        for name in names.sorted() { look(at: name, &events) }
        try lookAtLogs(&events)
    }

    /// The branches that a pattern stands for, readable or not. `strange` gets what cannot be a name here.
    private func branches(of pattern: BranchPattern, strange: inout Set<String>)
        throws(Failure) -> [RefName]
    {
        var leftOut: Set<String> = []
        var names = try attempt { () throws(GitError) in
            try self.repository.references(under: pattern.folder) { leftOut.insert($0) }
        }.map(\.name)
        for text in leftOut {
            let name = RefName(text)
            // What libgit2 gives as bytes that are no text has lost them here.
            if let name, !text.unicodeScalars.contains("\u{FFFD}") {
                names.append(name)
            } else if name.map(pattern.matches) ?? true {
                strange.insert(text)
            }
        }
        return names.filter(pattern.matches)
    }

    func look(at name: RefName, _ events: inout [PushMachine.Event]) {
        let (own, tip): (RefName, ObjectID?)
        do throws(GitError) {
            own = try repository.followed(name)
            tip = try repository.target(of: name)
        } catch {
            // What was known of it is still to be sent.
            if unreadable.insert(name).inserted {
                log(LogEntry(.error, "watch", error.failure.description))
            }
            return
        }
        unreadable.remove(name)
        guard own == name else {
            forget(name, &events)
            sayAlias(name, of: own)
            let isBranch = own.branch != nil && !IncidentName.isConflictBranch(own)
            return isBranch ? look(at: own, &events) : ()
        }
        guard let tip else { return forget(name, &events) }
        let old = tips[name]
        guard tip != old else { return }
        tips[name] = tip
        lastMove = .after(.zero)
        // What is there at the start was not seen moving.
        if old != nil, settings.origin != nil { tally.durable.moved(name, to: tip, at: now) }
        events.append(.local(name, tip))
        if let old { keep(old, leftBy: name, for: tip) }
    }

    /// Says once that a symbolic branch is looked after under the name that it stands for.
    private func sayAlias(_ name: RefName, of own: RefName) {
        guard aliases.updateValue(own, forKey: name) != own else { return }
        let fate =
            own.branch == nil ? "is no branch, and is not sent" : "is looked after in its place"
        log(LogEntry(.info, "watch", "\(name) stands for \(own), which \(fate)"))
    }

    private func forget(_ name: RefName, _ events: inout [PushMachine.Event]) {
        guard let old = tips.removeValue(forKey: name) else { return }
        lastMove = .after(.zero)
        tally.forget(name)
        events.append(.local(name, nil))
        keep(old, leftBy: name, for: nil)
    }
}
