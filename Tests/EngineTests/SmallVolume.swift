// A volume that is soon full, for the suites of clones and of engines on one. Only root can mount it.

import POSIX
import TestSupport

/// A tmpfs that is gone with its owner.
final class SmallVolume {
    private let folder: TemporaryDirectory
    var path: String { folder.file("volume") }

    /// - Parameter size: as mount takes it: `24m`.
    init(_ size: String) throws {
        folder = try TemporaryDirectory()
        try folder.folder("volume")
        try run(["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path]).check()
    }

    deinit { _ = try? run(["umount", "-l", path]) }

    func resize(to size: String) throws {
        try run(["mount", "-o", "remount,size=\(size)", path]).check()
    }

    /// Leaves not a byte free.
    func fill() throws {
        for block in ["64k", "512"] {
            _ = try run([
                "dd", "if=/dev/zero", "of=\(path)/ballast", "bs=\(block)", "oflag=append",
                "conv=notrunc",
            ])
        }
    }

    func empty() throws { try run(["rm", "\(path)/ballast"]).check() }
}
