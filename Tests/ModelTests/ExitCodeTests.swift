// The exit codes that DESIGN.md promises.

import Model
import Testing

@Suite("Exit codes")
struct ExitCodeTests {
    @Test(
        "each has the number that scripts rely on",
        arguments: [
            (ExitCode.done, 0), (.failed, 1), (.configuration, 2), (.escaped, 3),
            (.unreachable, 4), (.refused, 5),
        ] as [(ExitCode, Int32)])
    func numbers(code: ExitCode, number: Int32) { #expect(code.rawValue == number) }

    @Test(
        "each kind of failure has its own",
        arguments: [
            (FailureKind.failed, ExitCode.failed), (.configuration, .configuration),
            (.unreachable, .unreachable), (.refused, .refused),
        ])
    func kinds(kind: FailureKind, code: ExitCode) { #expect(kind.exitCode == code) }
}
