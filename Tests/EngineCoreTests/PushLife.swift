// A push machine living in a `PushWorld`: its actions are carried out in an order of chance, and what
// must hold is checked at each step.

import EngineCore
import Model
import Testing

/// One life of a machine, step by step.
struct PushLife {
    var world: PushWorld
    var machine: PushMachine
    let branches = [branch("main"), branch("data/a"), branch("data/b")]
    var now = Duration.zero
    private(set) var alarm: Duration?
    private(set) var sends = 0

    /// What the engine still has to answer.
    private enum Work {
        case deliver([RefUpdate])
        case look([RefName])
        case save(RefName, ObjectID, on: RefName?)
        case begin(RefName)
        case end(RefName)
    }
    private var work: [Work] = []
    private var inFlight: [RefUpdate]?
    /// What the machine was told of origin, and which tips it may call durable.
    private var told: [RefName: ObjectID?] = [:]
    private var confirmed: [RefName: Set<ObjectID>] = [:]
    /// When each update failed last; gone when something happened that lets it be tried again at once.
    private var failures: [RefUpdate: Duration] = [:]
    private var loud: Set<RefUpdate> = []

    init(seed: UInt64, _ policy: PushPolicy) {
        world = PushWorld(seed: seed)
        machine = PushMachine(policy: policy, seed: seed)
        for name in branches {
            let root = world.makeCommit(on: nil)
            let tip = world.makeCommit(on: root)
            world.local[name] = tip
            world.origin[name] = tip
            world.seen[name] = tip
            tell([.local(name, commit(tip)), .sighted(name, world.sighting(name))])
        }
    }

    var isIdle: Bool { work.isEmpty }

    // MARK: what happens

    mutating func step() {
        let name = branches[Int.random(in: 0..<branches.count, using: &world.chance)]
        switch Int.random(in: 0..<100, using: &world.chance) {
        case 0..<25:
            world.commitHere(name)
            tellLocal(name)
        case 25..<27: world.moveOrigin(name)
        case 27..<29: world.changeTrouble(Array(world.local.keys.sorted()))
        case 29: tell([.triggered])
        case 30..<33 where !world.isDown: sight(name)
        case 33..<50: pass(.milliseconds(Int.random(in: 1...2000, using: &world.chance)))
        case 50..<55: ring()
        default: workOnce()
        }
    }

    /// Lets the alarm go.
    mutating func ring() {
        guard let alarm else { return }
        pass(max(.zero, alarm - now))
    }

    private mutating func pass(_ time: Duration) {
        now += time
        if let alarm, alarm <= now {
            self.alarm = nil
            tell([.alarm])
        }
    }

    mutating func sight(_ name: RefName) { tell([.sighted(name, world.sighting(name))]) }

    private mutating func tellLocal(_ name: RefName) {
        tell([.local(name, world.local[name].map(commit))])
    }

    // MARK: the engine

    /// Carries out one of the actions that wait.
    mutating func workOnce() {
        guard !work.isEmpty else { return }
        let item = work.remove(at: Int.random(in: 0..<work.count, using: &world.chance))
        switch item {
        case .deliver(let updates): deliver(updates)
        case .look(let names):
            if world.isDown { return tell([.lookFailed(.unreachable, "down")]) }
            tell(names.map { .sighted($0, world.sighting($0)) })
        case .save(let name, let tip, let conflict):
            tell([world.save(name, tip, on: conflict)])
        case .begin(let name):
            // One lock for pushes and reconciles: it begins when nothing is in flight.
            if inFlight != nil { return work.append(.begin(name)) }
            work.append(.end(name))
            tell([.reconcileBegan(name)])
        case .end(let name): tell(world.reconcile(name))
        }
    }

    private mutating func deliver(_ updates: [RefUpdate]) {
        if world.isDown { return tell([.failed(.unreachable, "down")]) }
        for update in updates { checkNothingComesBack(update) }
        var results = world.apply(updates)
        if world.oneIn(12) { return tell([.failed(.timeout, "the report was lost")]) }
        if world.oneIn(30), let name = results.keys.min() { results[name] = nil }
        tell([.report(results)])
    }

    // MARK: the machine

    private mutating func tell(_ events: [PushMachine.Event]) {
        for event in events { note(event) }
        for action in machine.take(events, at: now) { carryOut(action) }
        for name in branches + events.compactMap(\.name) {
            guard let mark = machine.watermark(of: name), let durable = mark.durable else {
                continue
            }
            #expect(confirmed[mark.name]?.contains(durable) == true, "\(mark) is not durable")
        }
    }

    /// Keeps count of what the machine may know.
    private mutating func note(_ event: PushMachine.Event) {
        switch event {
        case .report(let results):
            for update in inFlight ?? [] {
                if results[update.name] == .done {
                    told[update.name] = .some(update.new)
                    confirmed[update.name, default: []].insert(update.new)
                } else {
                    failures[update] = now
                }
            }
            inFlight = nil
        case .failed:
            for update in inFlight ?? [] { failures[update] = now }
            inFlight = nil
        case .sighted(let name, let sighting): note(name, sighting)
        case .reconcileEnded(let name, let end):
            failures = failures.filter { $0.key.name != name }
            if let sighting = end.sighting { note(name, sighting) }
        case .triggered: failures = [:]
        case .saved(_, tip: _, on: let conflict?):
            if told[conflict] == nil { told[conflict] = .some(nil) }
        default: break
        }
    }

    private mutating func note(_ name: RefName, _ sighting: Sighting) {
        if let tip = sighting.origin { confirmed[name, default: []].insert(tip) }
        guard inFlight?.contains(where: { $0.name == name }) != true else { return }
        if told[name] != .some(sighting.origin) {
            failures = failures.filter { $0.key.name != name }
        }
        told[name] = .some(sighting.origin)
    }

    private mutating func carryOut(_ action: PushMachine.Action) {
        switch action {
        case .send(let updates, attempt: _):
            #expect(inFlight == nil, "two attempts are in flight")
            for update in updates { check(update) }
            inFlight = updates
            sends += 1
            work.append(.deliver(updates))
        case .wake(let time):
            #expect(time > now)
            alarm = time
        case .look(let names): work.append(.look(names))
        case .save(let name, let tip, on: let conflict):
            work.append(.save(name, tip, on: conflict))
        case .reconcile(let name): work.append(.begin(name))
        case .announce(.push(let updates)):
            for update in updates { world.seen[update.name] = world.number(update.new) }
        case .announce: break
        }
    }

    private func check(_ update: RefUpdate) {
        #expect(told[update.name] == .some(update.old), "\(update) is not onto what is known")
        if branches.contains(update.name) {
            #expect(update.old == world.seen[update.name].map(commit), "\(update) is not onto seen")
        }
        if let failure = failures[update], !machine.isDraining {
            #expect(now - failure >= .milliseconds(800), "\(update) spins")
        }
    }

    /// What origin has confirmed once and dropped stays dropped.
    private func checkNothingComesBack(_ update: RefUpdate) {
        guard let dropped = world.dropped[update.name],
            update.old.map(world.number) == world.origin[update.name]
        else { return }
        let before = Set(world.ancestry(world.origin[update.name]))
        let added = Set(world.ancestry(world.number(update.new))).subtracting(before)
        #expect(added.isDisjoint(with: dropped), "\(update) brings back what was dropped")
    }
}

extension PushMachine.Event {
    /// The ref that it is about, if it is about one.
    fileprivate var name: RefName? {
        switch self {
        case .local(let name, _), .sighted(let name, _), .saved(_, tip: _, on: let name?): name
        default: nil
        }
    }
}
