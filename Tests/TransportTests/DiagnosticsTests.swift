// Lines of the far side's standard error: kept for an error, or shown.

import Testing

@testable import Transport

@Suite("Diagnostics")
struct DiagnosticsTests {
    @Test("lines are held back until the far side serves, then shown as they come")
    func release() {
        let listener = Listener()
        let diagnostics = Diagnostics(name: "p", caller: listener)
        let filter = diagnostics.filter()
        filter.append(Array("one\nDefaulted container \"c\" out of: c, d\n".utf8))
        #expect(listener.warnings.isEmpty && diagnostics.lines.count == 2)
        diagnostics.release()
        #expect(listener.warnings == ["p: one"])
        #expect(listener.notes == ["p: Defaulted container \"c\" out of: c, d"])
        filter.append(Array("two\u{1b}\n".utf8))
        #expect(listener.warnings == ["p: one", "p: two\\x1b"])
    }

    @Test("of many lines the latest are kept, and shown only to those who ask for more")
    func bounded() {
        let listener = Listener()
        let diagnostics = Diagnostics(name: "p", caller: listener)
        diagnostics.filter().append(Array((0..<500).map { "\($0)\n" }.joined().utf8))
        #expect(diagnostics.lines == (450..<500).map(String.init))
        diagnostics.discard()
        #expect(listener.notes.count == 50 && listener.warnings.isEmpty)
    }
}
