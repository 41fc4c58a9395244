// git's protocol versions, as git itself shows them on the wire.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Git's protocol version is git's to choose")
struct ProtocolTests {
    @Test("version 0, 1 or 2 is spoken when git asks for it", arguments: Way.allCases, [0, 1, 2])
    func spoken(way: Way, version: Int) throws {
        let served = try ServedPod()
        let fetched = try served.attempt(
            "-c", "protocol.version=\(version)", "fetch", way.rawValue,
            environment: ["GIT_TRACE_PACKET": "1"])
        #expect(fetched.succeeded, "\(fetched.errors)")
        for other in 1...2 {
            #expect(fetched.errors.contains("fetch< version \(other)") == (other == version))
        }
        #expect(try served.branches(of: way) == served.branches())
    }

    @Test("version 2 is spoken when git was told nothing", arguments: Way.allCases)
    func defaultVersion(way: Way) throws {
        let served = try ServedPod()
        let listed = try served.attempt(
            "ls-remote", way.rawValue, environment: ["GIT_TRACE_PACKET": "1"])
        #expect(listed.errors.contains("ls-remote< version 2"))
    }
}
