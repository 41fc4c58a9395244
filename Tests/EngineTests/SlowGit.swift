// A git that stops in the middle of one of its commands, for engines that run it: a folder that goes first on
// their PATH.

import POSIX
import TestSupport

/// Goes on with that command when the file `hold` is gone.
struct SlowGit {
    /// What an engine is to have in its environment.
    let environment: [String: String]
    let hold: String
    /// A file with the number of the process that waits, or has waited last.
    let process: String

    init(_ scene: Scene, _ command: String) throws {
        let path = try scene.origin.pod.folder.folder("slow")
        let git = findProgram("git") ?? "git"
        environment = ["PATH": "\(path):\(environmentVariable("PATH") ?? "/usr/bin:/bin")"]
        (hold, process) = ("\(path)/hold", "\(path)/process")
        try writeFile(hold, "")
        try writeFile(
            "\(path)/git",
            """
            #!/bin/sh
            case $1 in
            \(command))
              echo $$ >'\(process).new' && mv '\(process).new' '\(process)'
              while [ -e '\(hold)' ]; do sleep 0.05; done
              ;;
            esac
            exec '\(git)' "$@"

            """, mode: 0o755)
    }

    /// The process that waits; nil if none has come to it.
    var waiting: Int32? { Int32(contents(process).filter(\.isNumber)) }

    func goOn() throws { try run(["rm", "-f", hold]).check() }
}
