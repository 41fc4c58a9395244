// A folder that lives as long as a test, and plain files in it. Every fixture keeps its state here.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new folder under `/tmp`, or where `GIT_POD_TEST_FOLDER` says, removed with all it holds when its owner lets go of it.
///
/// Its path is short, because a unix socket in it must fit into 107 bytes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws(Failure) {
        let place = environmentVariable("GIT_POD_TEST_FOLDER") ?? "/tmp"
        var template = Array("\(place)/git-pod-test.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw .system("make a temporary folder") }
        let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
        path = String(decoding: bytes, as: UTF8.self)
    }

    deinit {
        _ = try? run(["chmod", "-R", "u+rwX", path])
        _ = try? run(["rm", "-rf", path])
    }

    /// Shell that stands still as long as this folder is there, ten minutes at most: nothing of it is left
    /// behind, whoever started it and whoever was killed meanwhile.
    public var standStill: String {
        "i=0; while [ -d '\(path)' ] && [ $((i += 1)) -le 6000 ]; do sleep 0.1; done"
    }

    /// The path of `name` in it.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes the folder `name` in it and returns its path.
    @discardableResult
    public func folder(_ name: String) throws(Failure) -> String {
        try run(["mkdir", "-p", file(name)]).check()
        return file(name)
    }
}

/// Writes `text` to `path`, in place of what was there.
public func writeFile(_ path: String, _ text: String, mode: mode_t = 0o644) throws(Failure) {
    if unsafe unlink(path) != 0, errno != ENOENT { throw .system("replace \(path)") }
    try appendToFile(path, text, mode: mode)
}

/// The text of a file; empty if there is none.
public func contents(_ path: String) -> String {
    guard let bytes = try? readFile(path, limit: 256 << 20) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
}
