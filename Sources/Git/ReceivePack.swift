// One git-receive-pack at origin, from its start to its report: the protocol's steps over a stream
// that never waits. PushLine keeps one or two of them warm.

import Model
import POSIX
import PackProtocol
import Transport

/// A `git-receive-pack` that is told one list of commands.
final class ReceivePack {
    private enum Stage {
        case opening(any ReceivePackOpening)
        case advertising
        /// It waits for us, and has been told nothing.
        case ready
        case sending
        /// It has everything.
        case reporting
        /// What became of the refs is known; it may still run hooks.
        case reported
        case ended
    }

    private let origin: Origin
    private var stage: Stage
    private var service: (any FarService)?
    private let names: Set<RefName>
    private var advertisement: PushAdvertisement
    private var report: PushReport?
    private var updates: [RefUpdate] = []
    private var commands: ByteBuffer?
    private var pack: PackSource?
    private let incoming = ByteBuffer(capacity: 32 * 1024)
    private var words: [String] = []
    private lazy var lines = LineFilter { [unowned self] line in
        origin.settings.note?("origin: \(line)")
        words.append(line)
        if words.count > Self.wordsLimit { words.removeFirst() }
    }
    /// Until when its refs have to be there.
    private var listed = Deadline.never
    /// Bytes that went either way: what tells a slow far side from a silent one.
    private(set) var traffic: UInt64 = 0

    /// The most that is kept of what origin says.
    private static let wordsLimit = 200

    /// - Parameter names: the refs that the advertisement is to tell of.
    init(_ origin: Origin, _ opening: any ReceivePackOpening, of names: [RefName]) {
        self.origin = origin
        stage = .opening(opening)
        self.names = Set(names)
        advertisement = PushAdvertisement(of: names)
    }

    var isReady: Bool { if case .ready = stage { true } else { false } }
    /// Whether its command runs, or has run: the next one can be asked for.
    var isOpen: Bool { service != nil }
    var hasReported: Bool {
        switch stage {
        case .reported, .ended: report != nil
        default: false
        }
    }
    var hasEnded: Bool { if case .ended = stage { true } else { false } }
    /// Whether no piece of ours is left that it should have had.
    var hasEverything: Bool { commands == nil && pack == nil }
    /// Whether it is us that it waits for: git makes a pack.
    var awaitsPack: Bool { pack?.interest.isEmpty == false }

    /// Whether a push of ours may have come after its advertisement.
    var isOutdated = false

    /// Whether ``refs`` says of `name` what origin had.
    func knows(_ name: RefName) -> Bool { names.contains(name) }

    /// What origin had when this was started, of the names that were asked for.
    var refs: [RefName: ObjectID] { advertisement.refs }

    /// Tells it what to do. ``advance()`` sends it.
    func command(_ updates: [RefUpdate], _ pack: PackSource) throws(OriginFailure) {
        precondition(isReady, "one git-receive-pack takes one push")
        do throws(PushProtocolError) {
            commands = ByteBuffer(
                try PushRequest.bytes(updates, offered: advertisement.capabilities))
        } catch { throw odd(error) }
        self.updates = updates
        self.pack = pack
        report = PushReport(offered: advertisement.capabilities)
        stage = .sending
    }

    /// Goes on as far as it can without waiting.
    ///
    /// - Throws: ``OriginFailure`` if it came to nothing. It is of no use then.
    func advance() throws(OriginFailure) {
        do throws(OriginFailure) { try step() } catch {
            // What became of the refs is known; how its hooks end is no matter.
            guard hasReported else { throw error }
            stage = .ended
        }
    }

    private func step() throws(OriginFailure) {
        if case .opening(let opening) = stage {
            guard let service = try opening.advance() else { return }
            self.service = service
            stage = .advertising
            listed = .after(OriginSettings.longestListing)
        }
        if case .advertising = stage, listed.hasPassed {
            throw OriginFailure(
                .timeout, "\(origin.name) lists refs without end", hint: "look at origin")
        }
        guard let service else { return }
        if case .sending = stage { try send(service) }
        try receive(service)
        try stepped(service) { () throws(Failure) in try service.stream.service() }
    }

    private func send(_ service: any FarService) throws(OriginFailure) {
        for buffer in [commands, pack?.buffer] {
            guard let buffer, try write(buffer, service) else { return }
        }
        guard let pack else { return }
        while !pack.hasEnded {
            do throws(Failure) { try pack.fill() } catch { throw OriginFailure(.unknown, error) }
            guard !pack.buffer.isEmpty, try write(pack.buffer, service) else { return }
        }
        guard pack.buffer.isEmpty else { return }
        (commands, self.pack) = (nil, nil)
        stage = .reporting
    }

    /// Whether all of `buffer` is out.
    private func write(_ buffer: ByteBuffer, _ service: any FarService) throws(OriginFailure)
        -> Bool
    {
        while !buffer.isEmpty {
            let outcome = try stepped(service) { () throws(Failure) in
                try service.stream.write(from: buffer)
            }
            switch outcome {
            case .bytes(0): return false
            case .bytes(let count): traffic += UInt64(count)
            case .closed:
                // Its last words say why, and come now; a report may be among them.
                try receive(service)
                if hasReported { return false }
                throw service.explain(.ended)
            }
        }
        return true
    }

    private func receive(_ service: any FarService) throws(OriginFailure) {
        while !hasEnded {
            let outcome = try stepped(service) { () throws(Failure) in
                try service.stream.read(into: incoming)
            }
            switch outcome {
            case .wouldBlock: return
            case .end:
                guard hasReported else { throw ended(service) }
                stage = .ended
            case .bytes(let count):
                traffic += UInt64(count)
                try take(incoming.takeAll())
            }
        }
    }

    private func take(_ bytes: [UInt8]) throws(OriginFailure) {
        do throws(PushProtocolError) {
            let span = unsafe bytes.span.bytes
            if case .advertising = stage {
                let used = try advertisement.take(span)
                if let refusal = advertisement.refusal { throw PushProtocolError(refusal) }
                if advertisement.isComplete { stage = .ready }
                guard used == bytes.count else {
                    throw PushProtocolError("more than was asked for")
                }
                return
            }
            guard report != nil else { throw PushProtocolError("more than was asked for") }
            try report?.take(span)
            if let said = report?.takeWords() { lines.append(said) }
        } catch {
            throw odd(error)
        }
        if report?.hasReport == true, !hasReported { stage = .reported }
        if report?.isComplete == true { stage = .ended }
    }

    /// What became of each ref. To be asked for once it has reported.
    var results: [RefName: PushResult] {
        lines.finish()
        var results: [RefName: PushResult] = [:]
        for update in updates {
            results[update.name] =
                switch report?.statuses[update.name] {
                case .ok where report?.unpackError != nil:
                    origin.refusal(
                        of: update.name, status: "unpacker error",
                        lines: words + [report?.unpackError].compactMap { $0 })
                case .ok: .done
                case .refused(let status):
                    origin.refusal(
                        of: update.name, status: status,
                        lines: words + [report?.unpackError].compactMap { $0 })
                case nil:
                    .refused(.unknown, "\(origin.name) did not report on \(update.name)")
                }
        }
        return results
    }

    /// Tells one that was told nothing that nothing will come.
    func dismiss() {
        guard isReady, let service else { return }
        _ = try? service.stream.write(from: ByteBuffer(PacketLine.flushBytes))
    }

    /// What it means that we waited for it in vain.
    func explain(_ halt: PatientStream.Halt) -> OriginFailure {
        if let service { return service.explain(halt) }
        return switch halt {
        case .cancelled: .cancelled(origin.name)
        case .late: .late(origin.name, origin.settings.operationTimeout)
        default: .silent(origin.name, origin.settings.idleTimeout)
        }
    }

    /// What to poll for before ``advance()`` can get on.
    var interest: [PollRequest] {
        guard let service else {
            if case .opening(let opening) = stage { return opening.interest }
            return []
        }
        var isWriting = false
        if case .sending = stage { isWriting = commands?.isEmpty == false || !awaitsPack }
        return service.stream.interest(reading: true, writing: isWriting) + (pack?.interest ?? [])
    }

    /// Whether ``advance()`` can get on though no descriptor says so.
    var holdsBytes: Bool {
        if case .opening(let opening) = stage { return opening.holdsBytes }
        return service?.stream.holdsBytes == true && !hasEnded
    }

    var nextService: Deadline { service?.stream.nextService ?? .never }

    // MARK: failures

    private func ended(_ service: any FarService) -> OriginFailure {
        lines.finish()
        let failure = service.explain(.ended)
        guard let (reason, line) = OriginWords(words).reason else { return failure }
        return OriginFailure(reason, "\(origin.name): \(line)", hint: reason.hint)
    }

    private func odd(_ error: PushProtocolError) -> OriginFailure {
        lines.finish()
        let said = error.said
        if let (reason, line) = OriginWords(words + [said]).reason {
            return OriginFailure(reason, "\(origin.name): \(line)", hint: reason.hint)
        }
        return OriginFailure(
            .unknown, "\(origin.name) answered a push with \(said)",
            hint: "look at what answers there")
    }

    private func stepped<Result>(
        _ service: any FarService, _ body: () throws(Failure) -> Result
    ) throws(OriginFailure) -> Result {
        do throws(Failure) { return try body() } catch {
            throw service.explain(.broken(error))
        }
    }
}

/// A `git-receive-pack` that is being started.
protocol ReceivePackOpening: AnyObject {
    /// The service, once it runs. Never waits.
    func advance() throws(OriginFailure) -> (any FarService)?
    var interest: [PollRequest] { get }
    /// Whether ``advance()`` may get on though no descriptor says so.
    var holdsBytes: Bool { get }
}
