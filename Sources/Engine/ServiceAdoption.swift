// Another origin than before, at a start or at SIGHUP: nothing is asked of it or sent there before a reconcile
// has adopted it. The push service's loop calls this wherever origin is to be looked at.

import EngineCore
import Git
import Model
import POSIX

extension Service {
    /// Asks origin where refs are. One that is not adopted is asked by a reconcile, which adopts it or says
    /// why not; the answer comes when that has ended.
    func look(_ names: [RefName]) {
        guard !isAdopted else {
            return tell({ $0.look(names) }, orAnswer: Courier.Answer.lookFailed)
        }
        heldLooks.formUnion(names)
        mailbox.post(.asked { service, events in service.beginAdoption(&events) })
    }

    private func beginAdoption(_ events: inout [PushMachine.Event]) {
        guard !isAdopted, adopting.isEmpty, !heldLooks.isEmpty else { return }
        guard !tips.isEmpty else { return lookFailed(ReconcileReport(branch: ""), &events) }
        adopting = Set(tips.keys)
        reconcile(tips.keys.sorted(), &events)
    }

    /// A reconcile has ended that may have adopted origin.
    func lookWhetherAdopted(
        after report: ReconcileReport, _ events: inout [PushMachine.Event]
    ) {
        guard let origin = settings.origin else { return }
        isAdopted = KnownOrigin(gitdir: gitdir).isAdopted(origin.url)
        if isAdopted {
            let names = heldLooks.sorted()
            heldLooks = []
            if !names.isEmpty { look(names) }
        } else if adopting.isEmpty {
            lookFailed(report, &events)
        }
    }

    private func lookFailed(_ report: ReconcileReport, _ events: inout [PushMachine.Event]) {
        (heldLooks, isLooking) = ([], false)
        let text = report.failure?.message ?? "nothing here tells whether origin is the right one"
        events.append(.lookFailed(report.reason ?? .unknown, text))
    }

    /// Answers those who have asked for work with the origin that was: there is another one now.
    func answerOfFormer() {
        let failure = Failure(.failed, "origin is another one by now", hint: "run it again")
        for waiter in pushes {
            waiter.reply(PushReport(branch: waiter.name.branch ?? "", failure: failure))
        }
        pushes = []
        for (name, replies) in askers {
            let report = ReconcileReport(branch: name.branch ?? "", failure: failure)
            for reply in replies { reply(report) }
        }
        askers = [:]
        for (name, reload) in reloads {
            let report = ReconcileReport(branch: name.branch ?? "", failure: failure)
            for waiter in reload.current + reload.next { waiter.reply(.reconciled(report)) }
        }
        reloads = [:]
    }
}
