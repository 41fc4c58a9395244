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
            for name in names where tips[name] != nil || settings.watches(name, head: head) {
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
        if nextOriginCheck.hasPassed {
            nextOriginCheck = .after(originChecks.next(after: settings.originCheck))
            // One that waits for the last would wait behind it for every later push.
            if drainEnd == nil, !tips.isEmpty, !isLooking {
                isLooking = true
                log(LogEntry(.debug, "look", "asking origin where its branches are"))
                let names = tips.keys.sorted()
                tell({ $0.look(names) }, orAnswer: Courier.Answer.lookFailed)
            }
        }
    }

    /// The branch that HEAD stands on; nil where branches are given by name.
    var head: RefName? {
        get throws(Failure) {
            guard settings.patterns == nil else { return nil }
            return try attempt { () throws(GitError) in try self.repository.headBranch() }
        }
    }

    func lookAtEverything(_ events: inout [PushMachine.Event]) throws(Failure) {
        var names = Set(tips.keys)
        // A branch that HEAD has left may have commits that origin lacks.
        if let head = try head { names.insert(head) }
        for pattern in settings.patterns ?? [] {
            if let branch = pattern.branch {
                names.insert(branch)
            } else {
                let found = try attempt { () throws(GitError) in
                    try self.repository.references(under: pattern.folder)
                }
                names.formUnion(found.map(\.name).filter(pattern.matches))
            }
        }
        for name in Set(tips.keys).subtracting(names) { forget(name, &events) }
        for name in names.sorted() { look(at: name, &events) }
    }

    func look(at name: RefName, _ events: inout [PushMachine.Event]) {
        // What cannot be read now is told of again when it can.
        guard let tip = try? repository.target(of: name) else { return forget(name, &events) }
        let old = tips[name]
        guard tip != old else { return }
        tips[name] = tip
        lastMove = .after(.zero)
        events.append(.local(name, tip))
        if let old { keep(old, leftBy: name, for: tip) }
    }

    private func forget(_ name: RefName, _ events: inout [PushMachine.Event]) {
        guard let old = tips.removeValue(forKey: name) else { return }
        lastMove = .after(.zero)
        events.append(.local(name, nil))
        keep(old, leftBy: name, for: nil)
    }
}
