// Where requests are written down, and how many may run at a time: two files in one folder.
//
// Neither may stand in the way of a fetch: saving commits from a pod whose volume is full matters
// more than a line about it. What cannot be written goes to the system's log instead.

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
            lock = try LockFile("\(folder)\(Self.lockName)", mode: 0o640)
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

    /// Appends one line, after putting a full log aside.
    func append(_ record: AuditRecord) {
        let line = record.json.text
        do {
            if try lock?.lock(Self.writingByte, until: .after(Self.patience)) == true {
                // Only under the lock: two who put aside at once would drop a log.
                try putAsideIfFull()
            }
            defer { lock?.unlock(Self.writingByte) }
            try appendToFile(path, line + "\n", mode: 0o640)
        } catch {
            systemLog("\(line) (\(error))")
        }
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

/// Writes what has no other place to syslog.
func systemLog(_ line: String) { writeToSystemLog("bridge: \(line)", program: "git-pod") }
