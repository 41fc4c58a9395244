// Names and literals to addresses.

import Model
import Testing

@testable import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Resolving")
struct ResolveTests {
    @Test("a literal needs no time at all", arguments: [("127.0.0.1", AF_INET), ("::1", AF_INET6)])
    func literals(host: String, family: Int32) throws {
        let addresses = try resolve(host, port: 2222, until: .after(.zero))
        #expect(addresses.map(\.family) == [family])
        #expect(addresses.first.map { Array($0.bytes[2..<4]) } == [0x08, 0xae])
    }

    @Test("a name is looked up on a thread of its own")
    func name() throws {
        let addresses = try resolve("localhost", port: 1, until: .longEnough)
        #expect(!addresses.isEmpty)
    }

    @Test("a name that no resolver can know is unreachable, and named")
    func unknown() {
        let failure = #expect(throws: Failure.self) {
            try resolve("no such name", port: 1, until: .longEnough)
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message.contains("no such name") == true)
    }
}
