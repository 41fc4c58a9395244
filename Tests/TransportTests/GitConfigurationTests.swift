// What `git config --null` printed, and git itself.

import Model
import POSIX
import Testing

@testable import Transport

@Suite("git's configuration")
struct GitConfigurationTests {
    private func configuration(_ text: String) -> GitConfiguration {
        GitConfiguration(output: Array(text.utf8))
    }

    @Test("of a key that is set often the last value counts, and all are kept")
    func values() {
        let read = configuration("pod.a.path\n/1\0core.sshcommand\nssh -v\0pod.a.path\n/2\0")
        #expect(read.value("pod.a.path") == "/2")
        #expect(read.all("pod.a.path") == ["/1", "/2"])
        #expect(read.value("core.sshcommand") == "ssh -v")
        #expect(read.value("pod.b.path") == nil && read.all("pod.b.path").isEmpty)
    }

    @Test("a value may be empty, missing or hold line ends")
    func oddValues() {
        let read = configuration("pod.a.x\n\0pod.a.y\0pod.a.z\none\ntwo\0")
        #expect(read.value("pod.a.x")?.isEmpty == true)
        #expect(read.value("pod.a.y") == "true")
        #expect(read.value("pod.a.z") == "one\ntwo")
        #expect(configuration("").podNames.isEmpty)
    }

    @Test("sections are found by their names as written, dots and all")
    func names() {
        let read = configuration(
            "pod.Prod.path\n/1\0pod.eu.west.path\n/2\0pod.eu.west.host\nh\0pod.path\n/3\0"
                + "podx.y.path\n/4\0")
        #expect(read.podNames == ["Prod", "eu.west"])
        #expect(read.variables(ofPod: "eu.west") == ["host", "path"])
        #expect(read.variables(ofPod: "eu").isEmpty)
        #expect(read.variables(ofPod: "Prod") == ["path"])
    }

    @Test("git's own answer is read")
    func git() throws {
        #expect(throws: Never.self) { try GitConfiguration.read(until: .longEnough) }
    }
}
