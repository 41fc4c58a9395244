// What is asked of the far side, as a line for sshd and as arguments.

import Model
import Testing

@testable import Transport

@Suite("Far commands")
struct FarCommandTests {
    private func call(_ path: String, version: Int = 2, program: String? = nil) -> ServiceCall {
        ServiceCall(service: .uploadPack, program: program, path: path, version: version)
    }

    @Test("our bridge is asked in one line, quoted for a login shell")
    func bridgeLine() {
        let bridge = FarCommand.bridge(["git-pod", "bridge"])
        #expect(bridge.line(call("/r")) == "git-pod bridge --protocol=2 git-upload-pack '/r'")
        #expect(
            bridge.line(call("/it's; $(id)", version: 0))
                == #"git-pod bridge --protocol=0 git-upload-pack '/it'\''s; $(id)'"#)
        #expect(
            FarCommand.bridge(["/opt/my tools/git-pod", "$X", ""]).line(call("/r"))
                == "'/opt/my tools/git-pod' '$X' '' --protocol=2 git-upload-pack '/r'")
        #expect(
            bridge.line(call("/r", program: "evil; id"))
                == "git-pod bridge --protocol=2 'evil; id' '/r'")
    }

    @Test("whatever a line holds, a shell reads back the words it was made from")
    func lineRoundTrip() {
        let words = ["a b", "ü", "*", "~", "#x", "a=b", "%,:@+"]
        let line = FarCommand.bridge(words).line(call("/p q"))
        #expect(
            ShellWords.split(line) == words + ["--protocol=2", "git-upload-pack", "/p q"])
    }

    @Test("plain git is asked as git asks it")
    func plainLine() {
        #expect(FarCommand.plainGit.line(call("/r")) == "git-upload-pack '/r'")
        #expect(
            FarCommand.plainGit.line(call("/r", program: "/opt/git/upload-pack --strict"))
                == "/opt/git/upload-pack --strict '/r'")
    }

    @Test("a carrier with arguments gets them unquoted")
    func arguments() throws {
        #expect(
            try FarCommand.bridge(["git-pod", "bridge"]).arguments(call("/a b"))
                == ["git-pod", "bridge", "--protocol=2", "git-upload-pack", "/a b"])
        #expect(
            try FarCommand.plainGit.arguments(call("/r"))
                == ["env", "GIT_PROTOCOL=version=2", "git", "upload-pack", "/r"])
        #expect(
            try FarCommand.plainGit.arguments(call("/r", version: 0)) == [
                "git", "upload-pack", "/r",
            ])
        #expect(
            try FarCommand.plainGit.arguments(call("/r", version: 0, program: "'my git' up"))
                == ["my git", "up", "/r"])
    }

    @Test("a program that needs a shell is refused where there is none")
    func needsShell() {
        let failure = #expect(throws: Failure.self) {
            try FarCommand.plainGit.arguments(call("/r", program: "git up | tee"))
        }
        #expect(failure?.kind == .configuration)
        #expect(failure?.hint?.contains("--upload-pack") == true)
    }

    @Test("naming the service itself is naming nothing")
    func sameProgram() {
        #expect(call("/r", program: "git-upload-pack").program == nil)
        #expect(call("/r", program: "x").program == "x")
    }
}
