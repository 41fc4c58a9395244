// errno as a failure.

import Model
import POSIX
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("System errors")
struct SystemErrorTests {
    @Test("a failure names the attempt and the system's words")
    func text() {
        let failure = Failure.system("open /x", kind: .refused, code: EACCES, hint: "look")
        #expect(failure == Failure(.refused, "cannot open /x: Permission denied", hint: "look"))
        #expect(Failure.system("try", code: ENOENT).kind == .failed)
        #expect(!errorText(99_999).isEmpty)
    }
}
