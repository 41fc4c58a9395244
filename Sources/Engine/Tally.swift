// What a running engine counts, for metrics and probes. Only its own thread has it.

import EngineCore
import Model
import POSIX

/// Counts since the engine's start.
struct Tally: Sendable {
    /// Attempts to push a ref, by ``PushFailureReason``; `ok` if origin has it.
    private(set) var attempts: [String: Int] = ["ok": 0]
    /// Reconciles by ``Outcome``; `failed` if there was none.
    private(set) var reconciles: [String: Int] = [:]
    /// Tips that origin has confirmed on conflict branches.
    var saves = 0
    var durable = TimeToDurable()
    /// By the wall clock, in milliseconds since 1970; nil: not since the start.
    private(set) var lastPush: Int64?
    private(set) var lastReconcile: Int64?
    /// By branch.
    private(set) var lastPushes: [RefName: Int64] = [:]
    /// When origin last answered, since the engine's start.
    private(set) var heard: Duration?

    let started = wallClockMilliseconds()

    init() {
        for reason in PushFailureReason.allCases { attempts[reason.rawValue] = 0 }
        for outcome in Outcome.allCases { reconciles[outcome.rawValue] = 0 }
        reconciles["failed"] = 0
    }

    /// Origin has answered.
    mutating func heard(at now: Duration) { heard = now }

    /// Origin has reported on a command list.
    mutating func reported(_ results: [RefName: PushResult], at now: Duration) {
        heard(at: now)
        for result in results.values {
            switch result {
            case .done: attempts["ok", default: 0] += 1
            case .refused(let reason, _): attempts[reason.rawValue, default: 0] += 1
            }
        }
    }

    /// A command list has failed as a whole.
    mutating func failed(_ reason: PushFailureReason, refs: Int) {
        attempts[reason.rawValue, default: 0] += max(1, refs)
    }

    /// Origin has a tip of ours.
    mutating func pushed(_ name: RefName, _ tip: ObjectID, at now: Duration) {
        let time = wallClockMilliseconds()
        (lastPush, lastPushes[name]) = (time, time)
        durable.confirmed(name, tip, at: now)
    }

    mutating func reconciled(_ name: RefName, _ report: ReconcileReport, at now: Duration) {
        reconciles[report.outcome?.rawValue ?? "failed", default: 0] += 1
        if report.sighting != nil {
            heard(at: now)
            lastReconcile = wallClockMilliseconds()
        }
        guard let tip = report.newCommit, report.sighting?.origin == tip else { return }
        if report.pushed { pushed(name, tip, at: now) } else { durable.found(name, tip) }
    }

    mutating func forget(_ name: RefName) {
        lastPushes[name] = nil
        durable.forget(name)
    }
}
