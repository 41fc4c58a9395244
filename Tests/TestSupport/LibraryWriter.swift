// The program library-writer, run beside a test: commits by libgit2, for a git's price of none.

import Model
import POSIX

/// A program that is linked against libgit2 and commits to one gitdir when it is told to.
public final class LibraryWriter {
    private let child: ChildProcess
    private let buffer = ByteBuffer(capacity: 16 * 1024)
    private var unread = ""

    public init(gitdir: String) throws(Failure) {
        child = try ChildProcess([Products.tool("library-writer"), gitdir], error: .inherit)
    }

    deinit { child.end(grace: .zero) }

    /// Commits `count` times to `ref`, which must be there, and moves it once: each commit puts a line
    /// that begins with `text` into `file`. Nil if libgit2 refuses, as when another writer was quicker.
    public func commit(
        _ ref: String = "refs/heads/main", _ file: String, _ text: String, count: Int = 1
    )
        throws(Failure) -> [String]?
    {
        guard let input = child.inputDescriptor else { throw ended }
        writeAll("\(ref) \(file) \(count) \(text)\n", to: input)
        let answer = try line()
        return answer.hasPrefix("-") ? nil : answer.split(separator: " ").map(String.init)
    }

    private var ended: Failure { Failure(.failed, "library-writer has ended") }

    private func line() throws(Failure) -> String {
        while true {
            if let end = unread.firstIndex(of: "\n") {
                defer { unread = String(unread[unread.index(after: end)...]) }
                return String(unread[..<end])
            }
            guard let output = child.outputDescriptor,
                try wait(for: output, reading: true, until: .longEnough),
                case .bytes = try read(output, into: buffer)
            else { throw ended }
            unread += String(decoding: buffer.takeAll(), as: UTF8.self)
        }
    }
}
