// The courier goes on when something fails that should not: who is not answered would wait for ever.

import EngineCore
import Git
import Model
import POSIX
import TestSupport
import Testing

@testable import Engine

@Suite("The courier")
struct CourierTests {
    /// What it has said.
    private final class Heard: Sendable {
        let answers = Locked<[Courier.Answer]>([])
        let alarms = Locked<[String]>([])
        /// How often it is to fail from now on.
        let failures = Locked(0)

        func open(_ gitdir: String) throws(Failure) -> Repository {
            let fails = failures.with { failures in
                failures -= 1
                return failures >= 0
            }
            guard !fails else { throw Failure(.failed, "the gitdir cannot be opened") }
            return try Repository(path: gitdir)
        }
    }

    @Test("answers what it cannot do, says so loud, and does it when it can")
    func goesOn() throws {
        let scene = try Scene()
        let heard = Heard()
        heard.failures.with { $0 = 2 }
        let origin = OriginSettings(
            url: try OriginURL(scene.origin.path), environment: .current())
        let courier = try Courier(
            gitdir: scene.gitdir,
            settings: Courier.Settings(
                origin: origin, names: [], warmFor: .seconds(60), generation: 0),
            answer: { _, answer in heard.answers.with { $0.append(answer) } }, note: { _ in },
            alarm: { text in heard.alarms.with { $0.append(text) } }, open: heard.open)
        let main = try #require(RefName(branch: "main"))
        let old = try #require(scene.origin.tip().flatMap { ObjectID($0) })
        let new = try #require(scene.tip().flatMap { ObjectID($0) })
        for count in 1...2 {
            courier.send([RefUpdate(main, from: old, to: new)])
            #expect(eventually { heard.answers.with { $0.count } == count })
            guard case .failed(let failure) = heard.answers.with({ $0.last }) else {
                Issue.record("no failure")
                return
            }
            #expect(failure.message.contains("cannot be opened"))
        }
        #expect(heard.alarms.with { $0.count } == 2)
        courier.look([main])
        #expect(eventually { heard.answers.with { $0.count } == 3 })
        courier.send([RefUpdate(main, from: old, to: new)])
        #expect(eventually { heard.answers.with { $0.count } == 4 })
        #expect(try scene.origin.tip() == "\(new)")
        guard case .report = heard.answers.with({ $0.last }) else {
            Issue.record("no report")
            return
        }
    }
}
