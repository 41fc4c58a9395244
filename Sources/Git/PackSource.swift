// The pack of a push on its way to origin: made here if it is small, by git if it is large.

import Model
import POSIX

/// The bytes of one pack, to be taken as the far side takes them.
final class PackSource {
    private let child: ProcessStream?
    private let scratch: ScratchRepository?
    private let said: Locked<[String]>

    /// What is at hand. To be drained before ``fill()`` gives more.
    let buffer: ByteBuffer
    /// Whether ``buffer`` holds the last of it.
    private(set) var hasEnded: Bool

    /// Is given the names in one line, and gives them to git in one each.
    private static let script = """
        tr ' ' '\\n' |
        git pack-objects --thin --stdout --revs --delta-base-offset -q
        """

    private static let chunk = 64 * 1024
    /// How long git may take to end once it has written everything.
    private static let patience = Duration.seconds(10)

    /// What is reachable from `tips` and not from `hidden`, which the far side has.
    ///
    /// - Throws: ``Failure`` for what cannot be read.
    init(_ tips: [ObjectID], hiding hidden: [ObjectID], origin: Origin) throws(Failure) {
        let small: [UInt8]?
        do throws(GitError) {
            small = try ThinPack.bytes(of: tips, hiding: hidden, in: origin.repository)
        } catch { throw error.failure }
        said = Locked([])
        if let small {
            buffer = ByteBuffer(small)
            (child, scratch, hasEnded) = (nil, nil, true)
            return
        }
        let scratch = try ScratchRepository(beside: origin.repository)
        // It reads nothing while it works, and would not see that we are gone.
        let process = try ChildProcess.leashedReader(
            ["sh", "-c", Self.script],
            environment: scratch.environment(
                of: origin.settings.environment))
        let said = said
        let stream = ProcessStream(
            process, diagnostics: LineFilter { line in said.with { $0.append(line) } })
        let names = tips.map { "\($0)" } + hidden.map { "^\($0)" }
        try Self.tell(stream, Array((names.joined(separator: " ") + "\n").utf8))
        (child, self.scratch, hasEnded) = (stream, scratch, false)
        buffer = ByteBuffer(capacity: Self.chunk)
    }

    deinit { child?.child.end(grace: .zero) }

    private static func tell(_ stream: ProcessStream, _ names: [UInt8]) throws(Failure) {
        let words = ByteBuffer(names)
        let deadline = Deadline.after(patience)
        while !words.isEmpty {
            guard try stream.write(from: words) != .closed, !deadline.hasPassed else { break }
            var requests = stream.interest(reading: false, writing: true)
            try wait(for: &requests, until: deadline)
        }
    }

    /// Puts what git has written meanwhile into an empty ``buffer``. Never waits, but for git's end.
    ///
    /// - Throws: ``Failure`` if git did not make the pack: what was sent of it is no pack, and the far
    ///   side takes none of it.
    func fill() throws(Failure) {
        guard let child, !hasEnded, buffer.isEmpty else { return }
        try child.service()
        guard try child.read(into: buffer) == .end else { return }
        hasEnded = true
        let status = try child.end(by: .after(Self.patience))
        guard status.isSuccess else {
            let words = said.with { $0.last } ?? "\(status)"
            throw Failure(.failed, "git pack-objects made no pack: \(words)")
        }
    }

    /// What to poll for before ``fill()`` has more.
    var interest: [PollRequest] {
        guard let child, !hasEnded, buffer.isEmpty else { return [] }
        return child.interest(reading: true, writing: false)
    }
}
