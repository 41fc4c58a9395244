// When the push service publishes a branch's files for readers: each new tip, the last one if several came
// meanwhile, and what was there before is taken away after a while. Its loop calls this on each turn.

import EngineCore
import Git
import Model
import POSIX

/// How the checkout stands.
struct CheckoutStanding: Sendable {
    let settings: CheckoutSettings
    /// What readers see by this run; nil: what an earlier one has left, if anything.
    var published: (commit: ObjectID, time: Duration)?
    var failure: String?
    var isRunning = false
    /// After a failure, the same commit is not tried again before.
    var tryFrom = Deadline.after(.zero)
    var failed: ObjectID?
    /// Trees that nothing leads to any more, and until when they stay.
    var stale: [(name: String, until: Deadline)] = []
    /// Since the start, by outcome.
    var runs = ["published": 0, "failed": 0]

    func json(at now: Duration) -> JSON {
        .object([
            ("path", .string("\(settings.folder)/\(CheckoutSettings.link)")),
            ("of", .string(settings.tip.rawValue)),
            ("commit", published.map { .string($0.commit.description) } ?? .null),
            (
                "secondsAgo",
                published.map { .integer(max(0, (now - $0.time).components.seconds)) } ?? .null
            ),
            ("error", failure.map { .string($0) } ?? .null),
        ])
    }
}

extension Service {
    private static let checkoutPause = Duration.seconds(60)

    /// The branch that readers see; nil if several could be meant.
    private var shownBranch: RefName? {
        if let head = standingBranch, tips[head] != nil { return head }
        return tips.count == 1 ? tips.keys.first : nil
    }

    /// The tip that readers are to see.
    private func wanted(_ tip: CheckoutTip) -> ObjectID? {
        guard let name = shownBranch else { return nil }
        return tip == .local ? tips[name] : machine.watermark(of: name)?.durable
    }

    /// Begins what is due.
    func publish() {
        guard let wished = settings.checkout else {
            // One that is being written comes to its end first.
            if checkout?.isRunning != true { checkout = nil }
            return
        }
        if checkout?.settings != wished, checkout?.isRunning != true {
            checkout = CheckoutStanding(settings: wished)
        }
        guard let standing = checkout, !standing.isRunning, !isDraining else { return }
        let due = standing.stale.filter(\.until.hasPassed).map(\.name)
        if !due.isEmpty { return sweep(due) }
        guard let commit = wanted(standing.settings.tip), commit != standing.published?.commit,
            commit != standing.failed || standing.tryFrom.hasPassed
        else { return }
        work { checkout -> Result<Checkout.Published, Failure> in
            do throws(Failure) { return .success(try checkout.publish(commit)) } catch {
                return .failure(error)
            }
        } then: { service, result, stale in
            service.published(commit, result, stale)
        }
    }

    /// When something is due that nothing else tells of.
    var checkoutTurn: Deadline {
        guard let checkout, !checkout.isRunning, !isDraining else { return .never }
        var next = checkout.stale.map(\.until).min() ?? .never
        if checkout.failed != nil { next = min(next, checkout.tryFrom) }
        return next
    }

    private func sweep(_ names: [String]) {
        work { checkout -> Result<Void, Failure> in
            do throws(Failure) { try checkout.remove(names) } catch { return .failure(error) }
            return .success(())
        } then: { service, result, _ in
            service.checkout?.stale.removeAll { names.contains($0.name) }
            guard case .failure(let failure) = result else { return }
            service.log(LogEntry(.warning, "checkout", failure.description))
        }
    }

    private func published(
        _ commit: ObjectID, _ result: Result<Checkout.Published, Failure>, _ stale: [String]
    ) {
        guard var standing = checkout else { return }
        defer { checkout = standing }
        let known = Set(standing.stale.map(\.name))
        let until = Deadline.after(standing.settings.grace)
        standing.stale += stale.filter { !known.contains($0) }.map { ($0, until) }
        switch result {
        case .success(let done):
            standing.published = (commit, now)
            (standing.failure, standing.failed) = (nil, nil)
            standing.runs["published", default: 0] += 1
            let text =
                "\(commit.short) is published: \(done.files) files, after \(done.duration.spoken)"
            log(LogEntry(.info, "checkout", text))
            guard done.links > 0 else { return }
            let links = "\(done.links) symbolic links lead out of the tree, or nowhere: plain files"
            log(LogEntry(.warning, "checkout", "\(commit.short): \(links)"))
        case .failure(let failure):
            let text = "\(commit.short) is not published: \(failure.description)"
            log(LogEntry(standing.failure == text ? .debug : .error, "checkout", text))
            standing.runs["failed", default: 0] += 1
            (standing.failure, standing.failed) = (text, commit)
            standing.tryFrom = .after(Self.checkoutPause)
        }
    }

    /// Does something with the checkout's folder on a thread of its own.
    private func work<Value: Sendable>(
        _ body: @escaping @Sendable (Checkout) -> Result<Value, Failure>,
        then end: @escaping @Sendable (Service, Result<Value, Failure>, [String]) -> Void
    ) {
        guard let standing = checkout else { return }
        let (mailbox, isEnding) = (mailbox, sideWorkEnds)
        let own = Checkout(
            gitdir: gitdir, settings: standing.settings, environment: environment,
            minimumFree: settings.minimumFree,
            isCalledOff: { isEnding.with { $0 } ? "the engine is ending" : nil })
        checkout?.isRunning = true
        do throws(Failure) {
            checkoutThread = try JoinedThread {
                let result = body(own)
                let stale = own.stale
                mailbox.post(
                    .asked { service, _ in
                        service.checkout?.isRunning = false
                        end(service, result, stale)
                    })
            }
        } catch {
            checkout?.isRunning = false
            end(self, .failure(error), [])
        }
    }
}
