// Where requests are written down, and how many may run at a time: two files in one folder.
//
// Neither may stand in the way of a fetch: saving commits from a pod whose volume is full matters
// more than a line about it. What cannot be written goes to the system's log instead, and is counted.

import Model
import POSIX

/// The audit log, and the lock file beside it.
final class AuditLog {
    static let name = "git-pod-audit.log"
    static let lockName = "git-pod-bridge.lock"
    /// A log that has this size is put aside before the next line.
    static let maximumSize: Int64 = 10 << 20
    /// How many are kept aside: `.1`, the newest, to `.3`.
    static let kept = 3
    /// The byte that is locked while a line is written; those before it are for requests.
    private static let writingByte: Int64 = 1 << 20
    /// How long a line waits for another process's line.
    private static let patience = Duration.seconds(1)

    private let path: String
    /// Nil if it cannot be had. Opened once: see ``LockFile``.
    private let lock: LockFile?

    init(_ path: String) {
        self.path = path
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? "./"
        do {
            let file = try LockFile("\(folder)\(Self.lockName)", mode: 0o640)
            // While there is room: see Gap.
            if !file.hasNote { try? file.setNote("") }
            lock = file
        } catch {
            lock = nil
            systemLog("requests are not counted: \(error)")
        }
    }

    /// Takes one of `maximum` places until this process ends. False if all are taken; true where
    /// places cannot be counted.
    func takePlace(of maximum: Int) -> Bool {
        guard let lock else { return true }
        do {
            for place in 0..<Int64(maximum) where try lock.tryLock(place) { return true }
            return false
        } catch {
            systemLog("requests are not counted: \(error)")
            return true
        }
    }

    /// Appends one line, after putting a full log aside. Before it comes a line about those that could
    /// not be written, if there are any.
    func append(_ record: AuditRecord) {
        let line = record.json.text
        guard let lock, (try? lock.lock(Self.writingByte, until: .after(Self.patience))) == true
        else {
            do { try write(line) } catch { systemLog("\(line) (\(error))") }
            return
        }
        defer { lock.unlock(Self.writingByte) }
        let gap = Gap(note: lock.note())
        do {
            // Only under the lock: two who put aside at once would drop a log.
            try putAsideIfFull()
            let before = gap.map { $0.json(seen: record.time).text + "\n" } ?? ""
            try write(before + line)
            if gap != nil { try lock.setNote("") }
        } catch {
            systemLog("\(line) (\(error))")
            let longer = gap.map { Gap(count: $0.count + 1, since: $0.since) }
            try? lock.setNote((longer ?? Gap(count: 1, since: record.time.rfc3339)).note)
        }
    }

    private func write(_ lines: String) throws(Failure) {
        try appendToFile(path, lines + "\n", mode: 0o640)
    }

    private func putAsideIfFull() throws(Failure) {
        guard let size = fileStatus(path)?.size, size >= Self.maximumSize else { return }
        for number in stride(from: Self.kept - 1, through: 1, by: -1)
        where exists("\(path).\(number)") {
            try rename("\(path).\(number)", to: "\(path).\(number + 1)")
        }
        try rename(path, to: "\(path).1")
    }
}

/// The lines that could not be written since the last one that was. It is kept as the lock file's
/// note, whose place on disk is taken before the volume is full.
private struct Gap {
    let count: Int
    /// When the first of these requests arrived.
    let since: String

    init(count: Int, since: String) {
        self.count = count
        self.since = since
    }

    /// Nil if the note tells of none.
    init?(note: String) {
        let words = note.split(separator: " ")
        guard words.count == 2, let count = Int(words[0]), count > 0 else { return nil }
        self.init(count: count, since: String(words[1]))
    }

    var note: String { "\(count) \(since)" }

    /// The line that takes the place of those, written at `time`.
    func json(seen time: UTCTime) -> JSON {
        .object([
            ("time", .string(time.rfc3339)), ("unwritten", .integer(count)),
            ("since", .string(since)),
        ])
    }
}

/// Writes what has no other place to syslog.
func systemLog(_ line: String) { writeToSystemLog("bridge: \(line)", program: "git-pod") }
