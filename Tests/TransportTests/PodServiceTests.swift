// A conversation's end, judged: whole, cut off, refused, or never git at all.

import Model
import POSIX
import PackProtocol
import TestSupport
import Testing

@testable import Transport

@Suite("Judging a service's end")
struct PodServiceTests {
    private let folder: TemporaryDirectory
    private let listener = Listener()

    init() throws { folder = try TemporaryDirectory() }

    /// How a fetch from a far side that is the shell script ends, after git has said `words`; git
    /// closes its side only if `closes`, and goes away once it has read `enough` bytes. The far side
    /// may be silent for `idle`.
    private func fetch(
        _ script: String, saying words: String, closes: Bool = false, enough: Int = 1 << 20,
        idle: String = "2m"
    ) throws -> Result<String?, Failure> {
        ignoreBrokenPipes()
        try writeFile(folder.file("far"), script)
        let configuration = GitConfiguration([
            "pod.p.transport": ["command"], "pod.p.path": ["/r"], "pod.p.idletimeout": [idle],
            "pod.p.command": ["sh \(folder.file("far"))"],
        ])
        let connector = PodConnector(
            configuration: configuration,
            environment: Environment([:], accountHome: "/", accountName: "n"), caller: listener)
        let up = try PipeEnds()
        let git = try ChildProcess(["head", "-c", "\(enough)"], output: .null)
        defer { git.end(grace: .zero) }
        let down = try #require(git.inputDescriptor)
        do throws(Failure) {
            let service = try connector.open(PodAddress("pod://p"), service: .uploadPack)
            writeAll(words, to: up.writer)
            if closes { up.closeWriter() }
            return .success(try service.relay(input: up.reader, output: down))
        } catch { return .failure(error) }
    }

    /// How such a fetch fails.
    private func failure(_ script: String, saying words: String, idle: String = "2m") throws
        -> Failure
    {
        let end = try fetch(script, saying: words, idle: idle)
        guard case .failure(let failure) = end else {
            throw Failure(.failed, "it passed for a success: \(end)")
        }
        return failure
    }

    private static let lsRefs = "0014command=ls-refs\n0000"
    private static let fetchLine = "0011command=fetch00010009done\n0000"
    private static let v2 = "printf '000eversion 2\\n0000'; "
    private static func take(_ count: Int) -> String { "head -c \(count) >&2; " }

    @Test("a v2 service that ends between requests was cut off, and it is said so")
    func betweenRequests() throws {
        let script = Self.v2 + Self.take(24) + "printf '0000'; exit 0"
        let failure = try failure(script, saying: Self.lsRefs)
        #expect(failure.kind == .failed)
        #expect(failure.message.contains("p ended before git was done (exit status 0)"))
    }

    @Test("one that ends after git's lone flush, or after git closed its side, is whole")
    func whole() throws {
        let closing = Self.v2 + Self.take(24) + "printf '0000'; cat >/dev/null; exit 0"
        let flushed = Self.v2 + Self.take(28) + "printf '0000'; exit 0"
        #expect(try fetch(closing, saying: Self.lsRefs, closes: true) == .success(nil))
        #expect(try fetch(flushed, saying: Self.lsRefs + "0000") == .success(nil))
    }

    @Test("after a whole pack an early end is a warning, for git may need nothing more")
    func afterPack() throws {
        let script =
            Self.v2 + Self.take(Self.fetchLine.utf8.count)
            + "printf '000dpackfile\\n0009\\001PACK0000'; exit 0"
        let end = try fetch(script, saying: Self.fetchLine)
        guard case .success(let warning?) = end else {
            Issue.record("\(end)")
            return
        }
        #expect(warning == "p ended before git was done (exit status 0)")
    }

    @Test("a carrier that fails after git has everything is a warning")
    func lateFailure() throws {
        let script = Self.v2 + Self.take(28) + "printf '0000'; exit 9"
        let end = try fetch(script, saying: Self.lsRefs + "0000")
        #expect(
            end == .success("p: its carrier ended with exit status 9 after git had everything"))
    }

    @Test("a stream that ends within an answer ended early, whatever its status")
    func early() throws {
        for status in [0, 1] {
            let script = Self.v2 + Self.take(24) + "printf '003d'; exit \(status)"
            let failure = try failure(script, saying: Self.lsRefs)
            #expect(failure.kind == .failed)
            #expect(
                failure.message
                    == "the stream from p ended early, while listing refs (exit status \(status))")
        }
    }

    @Test("garbage after a good beginning is not git, and its words are shown")
    func garbage() throws {
        let script = Self.v2 + Self.take(24) + "echo 'Killed by OOM'; exit 0"
        let failure = try failure(script, saying: Self.lsRefs)
        #expect(failure.kind == .failed)
        #expect(failure.message == "p answered with something that is not git: Killed by OOM")
    }

    @Test("a refusal is told in the far side's words, with its kind")
    func refusal() throws {
        let script = Self.v2 + Self.take(24) + "printf '000fERR go away'; exit 5"
        let failure = try failure(script, saying: Self.lsRefs)
        #expect(failure == Failure(.refused, "p refused: go away"))
    }

    @Test("a far side that owes an answer and is silent is unreachable")
    func silent() throws {
        let failure = try failure(Self.v2 + "cat >&2", saying: Self.lsRefs, idle: "300ms")
        #expect(failure.kind == .unreachable)
        #expect(failure.message == "p sent no byte for 300 ms while listing refs")
    }

    @Test("no carrier that lingers stays behind, whether the fetch fails or not")
    func noOrphan() throws {
        let note = folder.file("process")
        let linger = "exec sleep 300"
        let head = "echo $$ >\(note); " + Self.v2
        let scripts = [
            head + Self.take(24) + "echo 'Killed by OOM'; \(linger)",
            head + Self.take(28) + "printf '0000'; \(linger)",
        ]
        for script in scripts {
            _ = try fetch(script, saying: Self.lsRefs + "0000", enough: 22)
            let process = try #require(Int32(contents(note).split(separator: "\n").first ?? ""))
            #expect(eventually { !Processes.isRunning(process) }, "\(script)")
        }
    }
}
