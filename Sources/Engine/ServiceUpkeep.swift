// When the push service has its gitdir's objects packed: at most once in `upkeepCheck`, and never ahead of a
// push or a reconcile. Its loop calls this on each turn.

import EngineCore
import Git
import Model
import POSIX

/// How the upkeep stands.
struct UpkeepStanding: Sendable {
    /// As they were counted last.
    var census: ObjectCensus?
    /// What came of the last one that had something to do, and when it ended.
    var last: (outcome: String, text: String, ended: Duration)?
    var isRunning = false
    /// Since the start, by outcome.
    var runs = ["packed": 0, "put-off": 0, "refused": 0, "failed": 0]

    func json(at now: Duration) -> JSON {
        .object([
            ("running", .bool(isRunning)),
            ("looseObjects", census.map { .integer($0.loose) } ?? .null),
            ("packs", census.map { .integer($0.packs) } ?? .null),
            ("lastOutcome", last.map { .string($0.outcome) } ?? .null),
            ("lastText", last.map { .string($0.text) } ?? .null),
            (
                "lastSecondsAgo",
                last.map { .integer(max(0, (now - $0.ended).components.seconds)) } ?? .null
            ),
        ])
    }
}

extension Service {
    /// When something else has come first.
    private static let upkeepPause = Duration.seconds(10)
    /// What could not be done is not tried again before so many of these times.
    private static let upkeepReluctance = 6
    /// How long it waits for a moment without a push: there may be none for hours.
    private static let upkeepPatience = Duration.seconds(5)

    /// Begins a round if it is due and nothing else is under way.
    func keepUp() {
        guard settings.wantsUpkeep, !isDraining else {
            nextUpkeep = .never
            return
        }
        guard !upkeep.isRunning else { return }
        if nextUpkeep.hasPassed {
            nextUpkeep = .never
            upkeepPatience = .after(Self.upkeepPatience)
        }
        guard let patience = upkeepPatience, !machine.isReconciling, heldLock == nil,
            settling.isEmpty, !machine.isSending || patience.hasPassed
        else { return }
        upkeepPatience = nil
        let (mailbox, isEnding) = (mailbox, sideWorkEnds)
        let round = Upkeep(
            gitdir: gitdir, environment: environment, maximumLoose: settings.upkeepLoose,
            maximumPacks: settings.upkeepPacks, minimumFree: settings.minimumFree,
            isCalledOff: { isEnding.with { $0 } ? "the engine is ending" : nil })
        upkeep.isRunning = true
        do throws(Failure) {
            upkeepThread = try JoinedThread {
                let (census, end) = round.run()
                mailbox.post(.asked { service, _ in service.keptUp(census, end) })
            }
        } catch { keptUp(nil, .failed(error)) }
    }

    /// When one that is due waits no longer. Behind what else it waits for comes a turn by itself.
    var upkeepTurn: Deadline {
        upkeepPatience.flatMap { $0.hasPassed ? nil : $0 } ?? .never
    }

    private func keptUp(_ census: ObjectCensus?, _ end: UpkeepEnd) {
        upkeep.isRunning = false
        upkeep.census = census ?? upkeep.census
        nextUpkeep = .after(settings.upkeepCheck)
        switch end {
        case .notNeeded: break
        case .packed(let after, let duration):
            upkeep.census = after
            let before = census.map { "\($0.loose) loose objects and \($0.packs) packs" } ?? ""
            tell(
                .info, "packed", "\(before) are \(after.packs) packs now, after \(duration.spoken)")
        case .putOff(let why):
            nextUpkeep = .after(min(Self.upkeepPause, settings.upkeepCheck))
            tell(.debug, "put-off", why)
        case .refused(let why):
            nextUpkeep = .after(settings.upkeepCheck * Self.upkeepReluctance)
            tell(.warning, "refused", why)
        case .failed(let failure):
            nextUpkeep = .after(settings.upkeepCheck * Self.upkeepReluctance)
            tell(.error, "failed", failure.description)
        }
    }

    private func tell(_ level: LogEntry.Level, _ outcome: String, _ text: String) {
        upkeep.runs[outcome, default: 0] += 1
        let isNews = upkeep.last?.text != text
        upkeep.last = (outcome, text, now)
        // What stays as it is, is said once.
        log(LogEntry(isNews ? level : .debug, "upkeep", text))
    }
}
