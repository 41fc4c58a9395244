// A reconcile whose push comes to nothing: what was done here stays done, and the next run finishes.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A push that origin does not take")
struct RefusedPushTests {
    /// What each row ends in, and what brings it about.
    enum Row: String, CaseIterable, CustomStringConvertible {
        case pushedAhead = "pushed-ahead"
        case rebased
        case conflictEscaped = "conflict-escaped"
        case merged, rewritten
        case rewrittenEscaped = "rewritten, escaped"

        var description: String { rawValue }

        var outcome: String { self == .rewrittenEscaped ? "rewritten" : rawValue }
        var escapes: Bool { self == .conflictEscaped || self == .rewrittenEscaped }

        func prepare(_ scene: Scene) throws {
            try scene.commit(escapes ? "both.txt" : "ours.txt", "ours")
            switch self {
            case .pushedAhead: break
            case .rebased, .merged: try scene.commitToOrigin("theirs.txt", "theirs")
            case .rewritten: try scene.rewindOrigin(to: try scene.tip("main~2") ?? "")
            case .conflictEscaped: try scene.commitToOrigin("both.txt", "theirs")
            case .rewrittenEscaped:
                try scene.rewindOrigin(to: try scene.tip("main~2") ?? "")
                try scene.commitToOrigin("both.txt", "theirs")
            }
        }
    }

    /// What keeps origin from taking it.
    enum Fault: String, CaseIterable, CustomStringConvertible {
        case hook, locked, killed, vanished

        var description: String { rawValue }

        /// What the run ends with where nothing escapes.
        var code: ExitCode {
            switch self {
            case .hook: .refused
            case .locked: .failed
            case .killed, .vanished: .unreachable
            }
        }

        func begin(_ scene: Scene) throws {
            switch self {
            case .hook: try scene.origin.refuse()
            case .locked: try scene.origin.lock()
            case .killed:
                try writeFile(
                    "\(scene.origin.path)/hooks/pre-receive", "#!/bin/sh\nkill -9 $PPID\n",
                    mode: 0o755)
            case .vanished:
                let path = scene.origin.path
                try writeFile(
                    "\(path)/hooks/pre-receive",
                    "#!/bin/sh\nmv '\(path)' '\(path).gone'\nkill -9 $PPID\n", mode: 0o755)
            }
        }

        func end(_ scene: Scene) throws {
            if self == .vanished {
                try rename("\(scene.origin.path).gone", to: scene.origin.path)
            }
            try scene.origin.unlock()
            try run(
                ["rm", "-f", "\(scene.origin.path)/hooks/pre-receive"]).check()
        }
    }

    @Test(
        "leaves the outcome reached here, says why, and is made good by the next run",
        arguments: Row.allCases, Fault.allCases)
    func refused(row: Row, fault: Fault) throws {
        // Where something escapes, nothing is sent to the ref that is locked.
        guard !(row.escapes && fault == .locked) else { return }
        for kind in TestOrigin.Kind.allCases {
            let scene = try Scene.inSync(kind)
            try row.prepare(scene)
            let ours = try #require(try scene.tip())
            let theirs = try scene.origin.tip()
            try fault.begin(scene)
            let policy = row == .merged ? "merge" : "rebase"
            let answer = try scene.reconcile("--on-divergence", policy)
            #expect(answer.outcome == row.outcome, "\(kind): \(answer.errors)")
            #expect(!answer.error.isEmpty, "\(kind)")
            #expect(
                answer.code == (row.escapes ? .escaped : fault.code), "\(kind): \(answer.errors)")
            #expect(try scene.isKept(ours))
            if row.escapes {
                #expect(try scene.refs("refs/pod/pending/").count == 1)
            }
            try fault.end(scene)
            #expect(try scene.origin.tip() == theirs)
            let next = try scene.reconcile()
            #expect(next.code == .done, "\(kind): \(next.errors)")
            #expect(next.isPushed)
            #expect(try scene.origin.tip() == scene.tip())
            #expect(try scene.refs("refs/pod/pending/").isEmpty)
            if let branch = answer.conflictBranch {
                #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
            }
            try scene.check()
        }
    }

    @Test(
        "because origin has gone since the fetch is made good by the next run",
        arguments: Row.allCases)
    func goneBetween(row: Row) throws {
        let scene = try Scene.inSync(.ssh)
        try row.prepare(scene)
        let ours = try #require(try scene.tip())
        let path = scene.origin.path
        let command = scene.origin.pod.folder.file("deploy")
        let former = contents(command)
        try writeFile(
            command,
            """
            #!/bin/sh
            case $SSH_ORIGINAL_COMMAND in *receive-pack*) mv '\(path)' '\(path).gone' ;; esac
            exec sh -c "exec $SSH_ORIGINAL_COMMAND"

            """, mode: 0o755)
        let policy = row == .merged ? "merge" : "rebase"
        let answer = try scene.reconcile("--on-divergence", policy)
        #expect(answer.outcome == row.outcome, "\(answer.errors)")
        #expect(answer.code == (row.escapes ? .escaped : .unreachable), "\(answer.errors)")
        #expect(try scene.isKept(ours))
        try rename("\(path).gone", to: path)
        try writeFile(command, former, mode: 0o755)
        let next = try scene.reconcile()
        #expect(next.code == .done && next.isPushed, "\(next.errors)")
        #expect(try scene.origin.tip() == scene.tip())
        if let branch = answer.conflictBranch {
            #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
        }
        try scene.check()
    }

    @Test("by a key that may only read is named as that", arguments: Row.allCases)
    func readOnlyKey(row: Row) throws {
        let scene = try Scene.inSync(.ssh)
        try row.prepare(scene)
        let ours = try #require(try scene.tip())
        let key = try #require(scene.origin.readOnlyKey)
        let policy = row == .merged ? "merge" : "rebase"
        let answer = try scene.reconcile("--deploy-key", key, "--on-divergence", policy)
        #expect(answer.outcome == row.outcome, "\(answer.errors)")
        #expect(try scene.isKept(ours))
        #expect(answer.error.contains("read"))
        guard !row.escapes else { return }
        #expect(answer.code == .refused)
        #expect(answer.error.contains("read"))
        #expect(try scene.push("--deploy-key", key).json["reason"]?.string == "read-only-key")
    }

    @Test("because a hook refuses is told in the hook's own words")
    func words() throws {
        let scene = try Scene.inSync()
        try scene.commit("ours.txt", "ours")
        try scene.origin.refuse("no commits on Fridays")
        let answer = try scene.push()
        #expect(answer.json["reason"]?.string == "rejected")
        #expect(answer.error.contains("no commits on Fridays"))
        #expect(answer.code == .refused)
    }

    @Test("a conflict branch that somebody deleted on origin after it came stays deleted")
    func deletedConflictBranch() throws {
        let scene = try Scene.inSync()
        try Row.conflictEscaped.prepare(scene)
        let branch = try #require(try scene.reconcile().conflictBranch)
        try scene.home.git("update-ref", "-d", "refs/heads/\(branch)", at: scene.origin.path)
        try scene.commit("more.txt", "more")
        #expect(try scene.reconcile().isPushed)
        #expect(try scene.origin.tip("refs/heads/\(branch)") == nil)
        #expect(try scene.tip("refs/heads/\(branch)") != nil)
    }

    @Test("is none of a pack that origin says it did not take, whatever it says of the refs")
    func unpackError() throws {
        let scene = try Scene.inSync(.ssh)
        let tip = try scene.commit("ours.txt", "1")
        try writeFile(
            scene.origin.pod.folder.file("deploy"),
            """
            #!/bin/sh
            case $SSH_ORIGINAL_COMMAND in *receive-pack*) ;; *) exec sh -c "exec $SSH_ORIGINAL_COMMAND" ;; esac
            git receive-pack --advertise-refs '\(scene.origin.path)'
            head -c 4 >/dev/null
            printf '0032\\0010012unpack failed\\n0017ok refs/heads/main\\n00000000'
            exec cat >/dev/null

            """, mode: 0o755)
        for answer in [try scene.reconcile(), try scene.push()] {
            #expect(answer.code == .failed, "\(answer.errors)")
            #expect(answer.error.contains("failed"), "\(answer.errors)")
            #expect(!answer.isPushed)
        }
        #expect(try scene.tip() == tip)
        #expect(try scene.tip("refs/pod/seen/main") == scene.origin.tip())
        #expect(try scene.tip("refs/remotes/origin/main") == scene.origin.tip())
    }
}
