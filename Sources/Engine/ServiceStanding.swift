// How the push service stands, in one line: for a supervisor, which has room for no more.

import EngineCore
import Model

extension Service {
    /// Tells the supervisor, if there is one, how it stands and that its loop has turned.
    func tellSupervisor() {
        guard let supervisor else { return }
        supervisor.tell(standing)
        supervisor.turned()
    }

    /// Without times, so that it says the same until something changes.
    private var standing: String {
        guard settings.origin != nil else {
            return "local-only: no origin is set, so commits are on this volume alone"
        }
        var line = isDraining ? "ending: " : ""
        line += isStarting ? "the first reconcile is under way" : branches
        if machine.isStopped { line += "; stopped: it tries again when it is asked" }
        if machine.isStorming { line += "; escape storm" }
        if let trouble = originTrouble?.trouble {
            line += "; origin \(trouble.reason.rawValue): \(trouble.text)"
        }
        return line
    }

    private var isStarting: Bool { !beginning.isEmpty }

    private var branches: String {
        let counts = machine.counts
        let total = counts.values.reduce(0, +)
        let parts = Watermark.State.allCases.compactMap { state in
            counts[state].map { total == 1 ? state.rawValue : "\($0) \(state.rawValue)" }
        }
        let what = total == 1 ? "1 branch" : "\(total) branches"
        return parts.isEmpty ? "no branch yet" : "\(what): \(parts.joined(separator: ", "))"
    }
}
