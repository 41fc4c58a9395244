// Every row of the reconcile table, as values.

import EngineCore
import Model
import Testing

private let local = commit(1)
private let theirs = commit(2)
private let seen = commit(3)

@Suite("The reconcile decision")
struct ReconcilePlanTests {
    private func plan(
        _ origin: Situation.Origin, _ memory: Situation.Memory? = nil,
        onDivergence: DivergencePolicy = .rebase, onRewrite: RewritePolicy = .replay
    ) -> ReconcilePlan {
        ReconcilePlan(
            Situation(local: local, origin: origin, memory: memory),
            onDivergence: onDivergence, onRewrite: onRewrite)
    }

    private func memory(
        rewritten: Bool = false, holdsDropped: Bool = false, hasOwn: Bool = false
    ) -> Situation.Memory {
        Situation.Memory(
            seen: seen, isRewritten: rewritten, holdsDropped: holdsDropped, hasOwn: hasOwn)
    }

    @Test("equal tips need nothing, known before or not")
    func equal() {
        #expect(plan(.tip(local, .equal)) == .nothing(.inSync))
        #expect(plan(.tip(local, .equal), memory()) == .nothing(.inSync))
    }

    @Test("a branch that is behind follows")
    func behind() {
        #expect(plan(.tip(theirs, .behind), memory()) == .fastForward(to: theirs, .fastForwarded))
    }

    @Test("a branch that is ahead is pushed onto what origin has")
    func ahead() {
        #expect(plan(.tip(theirs, .ahead), memory()) == .push(onto: theirs, .pushedAhead))
    }

    @Test("a divergence is treated as the policy says")
    func diverged() {
        let origin = Situation.Origin.tip(theirs, .diverged)
        #expect(plan(origin) == .replay(after: theirs, onto: theirs, .rebased))
        #expect(plan(origin, onDivergence: .merge) == .merge(with: theirs))
        #expect(plan(origin, onDivergence: .escape) == .escape(to: theirs))
        #expect(plan(origin, onDivergence: .stop) == .stop(.stopped, .diverged))
    }

    @Test(
        "without a common ancestor nothing is tried, whatever the policy",
        arguments: DivergencePolicy.allCases)
    func unrelated(policy: DivergencePolicy) {
        #expect(plan(.tip(theirs, .unrelated), onDivergence: policy) == .fail(.unrelated))
    }

    @Test("the first push makes the branch on an empty origin")
    func unborn() { #expect(plan(.isEmpty) == .push(onto: nil, .pushedAhead)) }

    @Test("an origin with other branches, which never had this one, is an error")
    func lacking() { #expect(plan(.lacksBranch) == .fail(.originLacksBranch)) }

    @Test("a branch that origin had is never made there again")
    func deleted() {
        #expect(plan(.lacksBranch, memory()) == .stop(.originDeleted, .originDeleted))
        #expect(plan(.isEmpty, memory()) == .stop(.originDeleted, .originDeleted))
    }

    @Test(
        "after a rewrite, a branch with nothing of ours goes to origin's tip",
        arguments: [Situation.Relation.ahead, .diverged, .unrelated])
    func rewrittenWithoutOwn(relation: Situation.Relation) {
        let memory = memory(rewritten: true, holdsDropped: true)
        #expect(plan(.tip(theirs, relation), memory) == .abandon(for: theirs))
    }

    @Test(
        "after a rewrite, ours is replayed from what was seen, even where origin looks behind",
        arguments: [Situation.Relation.ahead, .diverged, .unrelated])
    func rewrittenWithOwn(relation: Situation.Relation) {
        let memory = memory(rewritten: true, holdsDropped: true, hasOwn: true)
        let origin = Situation.Origin.tip(theirs, relation)
        #expect(plan(origin, memory) == .replay(after: seen, onto: theirs, .rewritten))
        #expect(plan(origin, memory, onRewrite: .stop) == .stop(.rewritten, .rewritten))
        #expect(
            plan(origin, memory, onDivergence: .stop)
                == .replay(after: seen, onto: theirs, .rewritten))
    }

    @Test("a replay after a rewrite that was cut off before the push is pushed, not replayed again")
    func rewrittenAndReplayed() {
        let memory = memory(rewritten: true, hasOwn: true)
        #expect(plan(.tip(theirs, .ahead), memory) == .push(onto: theirs, .rewritten))
    }

    @Test("a rewrite that the branch has followed already is only remembered")
    func rewrittenAndFollowed() {
        #expect(plan(.tip(local, .equal), memory(rewritten: true)) == .nothing(.rewritten))
        #expect(
            plan(.tip(theirs, .behind), memory(rewritten: true, holdsDropped: true))
                == .fastForward(to: theirs, .rewritten))
    }
}
