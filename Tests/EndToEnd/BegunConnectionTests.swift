// The connection that is begun while ssh reads its configuration.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A connection that is begun early")
struct BegunConnectionTests {
    @Test("reaches sshd while ssh still reads its configuration, and is the only one")
    func meanwhile() throws {
        let served = try ServedPod()
        let gate = served.pod.folder.file("gate")
        try run(["mkfifo", gate]).check()
        let ssh = served.pod.home.directory.file("bin/ssh")
        try writeFile(ssh, "#!/bin/sh\nread -r _ <\(gate)\necho host pod\n", mode: 0o755)
        let helper = try served.startHelper("pod://libssh2")
        #expect(eventually { served.server.log.contains("Connection from") })
        try run(["sh", "-c", "echo >$0", gate]).check()
        let finished = try helper.finish()
        #expect(finished.succeeded, "\(finished.errors)")
        let lines = served.server.log.split(separator: "\n")
        #expect(lines.filter { $0.contains("Connection from") }.count == 1)
    }

    @Test("is of no matter where ssh calls the host another one", arguments: Way.ssh)
    func elsewhere(way: Way) throws {
        let served = try ServedPod()
        let lines = "Host 127.0.0.2\nHostName 127.0.0.1\n"
        try writeFile(served.pod.home.sshConfiguration, lines)
        try served.name("moved", way: way, settings: ["host": "127.0.0.2"])
        let finished = try served.helper("pod://moved")
        #expect(finished.succeeded, "\(finished.errors)")
    }
}
