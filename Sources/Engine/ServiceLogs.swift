// Decision logs on their way to origin, where `pushLogs` has them sent. They only grow: nothing reconciles
// them, and one that origin has otherwise is left as it is on both sides.

import EngineCore
import Git
import Model

extension Service {
    func lookAtLogs(_ events: inout [PushMachine.Event]) throws(Failure) {
        var names = Set(logs.keys)
        if settings.pushesLogs {
            let found = try attempt { () throws(GitError) in
                try self.repository.references(under: RefName.logs)
            }
            names.formUnion(found.map(\.name))
        }
        for name in names.sorted() { look(atLog: name, &events) }
    }

    func look(atLog name: RefName, _ events: inout [PushMachine.Event]) {
        let tip: ObjectID?
        do throws(GitError) {
            // A symbolic ref's tip is another one's.
            let isAsked = settings.pushesLogs ? try !repository.isSymbolic(name) : false
            tip = isAsked ? try repository.target(of: name) : nil
        } catch { return log(LogEntry(.error, "watch", error.failure.description)) }
        guard tip != logs[name] else { return }
        logs[name] = tip
        lastMove = .after(.zero)
        events.append(.local(name, tip))
    }

    /// What of a log was acted on last, where origin has it at `tip`: that counts, too, if it goes on from
    /// what it had and the log here goes on from that.
    func seen(ofLog name: RefName, at tip: ObjectID?) -> ObjectID? {
        let seen = machine.watermark(of: name)?.seen ?? written(name)
        guard let tip, let local = logs[name], local != tip, holds(local, tip),
            seen.map({ holds(tip, $0) }) ?? true
        else { return seen }
        return tip
    }
}
