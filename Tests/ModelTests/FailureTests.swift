// A failure as one line.

import Model
import Testing

@Suite("Failures")
struct FailureTests {
    @Test("a failure is what failed, and then what to do")
    func line() {
        let failure = Failure(.refused, "a pod is never pushed to", hint: "push to origin")
        #expect("\(failure)" == "a pod is never pushed to; push to origin")
        #expect("\(Failure(.failed, "it broke"))" == "it broke")
    }

    @Test("a failure stays on one line and moves no cursor, whoever wrote its words")
    func harmless() {
        let failure = Failure(.failed, "pod said \u{1b}[2J\nroot#", hint: "look\rthere")
        #expect("\(failure)" == "pod said \\x1b[2J\\x0aroot#; look\\x0dthere")
    }
}
