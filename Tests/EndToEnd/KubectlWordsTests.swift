// What kubectl says instead of a byte of the pod's: whether git-pod is missing there, or more than that.

import Model
import POSIX
import TestSupport
import Testing

@Suite("kubectl ends without a byte")
struct KubectlWordsTests {
    /// The helper's end, where `kubectl exec` of anything but git says `line` and ends with `status`.
    private func fetch(_ line: String, status: Int32) throws -> Finished {
        let home = try GitHome()
        try writeFile(
            home.directory.file("bin/kubectl"),
            """
            #!/bin/sh
            case " $* " in *' git upload-pack '*) echo 'git-pod: plain git was asked' >&2; exit 5;; esac
            printf '%s\\n' \(ShellWords.quote(line)) >&2
            exit \(status)

            """, mode: 0o755)
        for (variable, value) in [
            ("transport", "kubectl"), ("pod", "shop-0"), ("container", "git-pod"), ("path", "/r"),
        ] { try home.configure("pod.p.\(variable)", value) }
        return try run(
            [Products.path("git-remote-pod"), "p", "pod://p"], environment: home.environment(),
            input: Array("capabilities\nconnect git-upload-pack\n".utf8))
    }

    @Test("as the container is gone, be it called git-pod")
    func gone() throws {
        let finished = try fetch(
            #"error: unable to upgrade connection: container not found ("git-pod")"#, status: 1)
        #expect(finished.status == .exited(ExitCode.unreachable.rawValue))
        #expect(finished.errors.contains("the container of pod shop-0 has died"))
        #expect(!finished.errors.contains("plain git"), "\(finished.errors)")
    }

    @Test(
        "as there is no git-pod in the image: plain git is asked",
        arguments: [
            (
                "error: Internal error occurred: error executing command in container: failed to "
                    + "exec in container: failed to start exec \"0a\": OCI runtime exec failed: "
                    + "exec failed: unable to start container process: exec: \"git-pod\": "
                    + "executable file not found in $PATH: unknown", 1
            ),
            (
                "OCI runtime exec failed: exec failed: unable to start container process: exec: "
                    + "\"git-pod\": executable file not found in $PATH: unknown\n"
                    + "command terminated with exit code 126", 126
            ), ("command terminated with exit code 127", 127),
        ] as [(String, Int32)])
    func missing(line: String, status: Int32) throws {
        let finished = try fetch(line, status: status)
        #expect(finished.errors.contains("p has no git-pod: using plain git there"))
        #expect(finished.errors.contains("plain git was asked"), "\(finished.errors)")
        #expect(finished.status == .exited(ExitCode.refused.rawValue))
    }
}
