// When an engine is ready, and what it says when it is not.

import Testing

@testable import EngineCore

@Suite("Readiness")
struct ReadinessTests {
    private let ready = Readiness(
        hasRepository: true, hasReconciled: true, hasOrigin: true, pendingEscapes: 0,
        sinceHeard: .seconds(60), freshFor: .seconds(60))

    @Test("an engine whose first reconcile has ended is ready, and strictly so if origin answers")
    func isReady() {
        #expect(ready.reasons(strict: false) == [])
        #expect(ready.reasons(strict: true) == [])
    }

    @Test(
        "each thing that is not as it should be is a reason of its own",
        arguments: [
            (Readiness.Reason.noRepository, false), (.firstReconcile, false),
            (.pendingEscape, true), (.staleSync, true), (.noOrigin, true),
        ])
    func reasons(reason: Readiness.Reason, onlyStrict: Bool) {
        var state = ready
        switch reason {
        case .noRepository: state.hasRepository = false
        case .firstReconcile: state.hasReconciled = false
        case .pendingEscape: state.pendingEscapes = 1
        case .staleSync: state.sinceHeard = .milliseconds(60_001)
        case .noOrigin: state.hasOrigin = false
        }
        #expect(state.reasons(strict: false) == (onlyStrict ? [] : [reason]))
        #expect(state.reasons(strict: true) == [reason])
    }

    @Test("an origin that has not answered at all is stale, and only one that there is")
    func neverHeard() {
        var state = ready
        state.sinceHeard = nil
        #expect(state.reasons(strict: true) == [.staleSync])
        state.hasOrigin = false
        #expect(state.reasons(strict: true) == [.noOrigin])
    }
}
