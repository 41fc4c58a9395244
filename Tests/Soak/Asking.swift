// Somebody who never stops asking what is durable: on the engine's socket, by `git pod status` and by
// `git pod flush`, whether an engine runs at that moment or not.

import ControlAPI
import Model
import POSIX
import TestSupport

struct Asking {
    let stage: Stage
    let reports: Reports
    var numbers: SeededNumbers

    mutating func go() {
        while !stage.isOver {
            let choice = Int.random(in: 0..<20, using: &numbers)
            let rest = Int.random(in: 5...120, using: &numbers)
            let branch = Branch.random(using: &numbers)
            switch choice {
            case 0: flush(branch)
            case 1...2: status(branch)
            default: socket()
            }
            pause(.milliseconds(rest))
        }
    }

    private func socket() {
        let request = ControlRequest(.get, "/v1/status")
        let client = ControlClient(gitdir: stage.gitdir)
        // Nobody there, or killed before it answered.
        guard let answer = try? client.send(request, until: .after(.seconds(10))) else { return }
        stage.tally.with { $0.count("asked socket") }
        reports.take(engine: answer.body)
    }

    private func status(_ branch: String) {
        guard let ended = try? stage.verb(["status", "--branch", branch]), ended.succeeded,
            let json = JSON(parsing: ended.bytes)
        else { return }
        stage.tally.with { $0.count("asked status") }
        reports.take(status: json)
    }

    private func flush(_ branch: String) {
        guard let ended = try? stage.verb(["flush", "--branch", branch, "--timeout", "3s"]) else {
            return
        }
        stage.tally.with { $0.count("asked flush") }
        if let json = JSON(parsing: ended.bytes) { reports.take(flush: json, of: branch) }
    }
}

/// The branches of a soak.
enum Branch {
    static let all =
        ["main", "main", "main", "data/shared", "data/deep/er"] + Writing.Kind.allCases.map(own)

    /// Where one kind of writers is alone: elsewhere another one is often quicker.
    static func own(_ kind: Writing.Kind) -> String { "data/\(kind.rawValue)" }

    static func random(using numbers: inout SeededNumbers) -> String {
        all[Int.random(in: 0..<all.count, using: &numbers)]
    }
}
