// What `git archive` would run from a gitdir's configuration, taken out. Called by Bridge, for
// git-upload-archive only.

import Model
import POSIX

/// git's own name for its built-in gzip (git-archive(1)).
let archiveCompressor = "git archive gzip"

/// How many settings may be overridden; each is two environment variables of git's.
private let maximumOverrides = 1000

/// What must be injected besides the bridge's own settings: an override for each filter driver, text
/// conversion and tar format that the gitdir's configuration defines.
///
/// The keys are asked of git in that repository, so that every include that it would follow is in.
///
/// - Throws: ``Failure`` of kind `refused` if the keys cannot be read, or are too many.
func archiveOverrides(git: String, gitdir: String, until deadline: Deadline) throws(Failure)
    -> [Setting]
{
    let result = try runToEnd(
        [git, "--git-dir=\(gitdir)", "config", "--null", "--name-only", "--list"],
        environment: serviceEnvironment(gitdir: gitdir, protocolVersion: nil), until: deadline)
    guard result.status.isSuccess, let keys = String(validating: result.output, as: UTF8.self)
    else { throw Failure(.refused, "the repository's configuration cannot be read") }
    let overrides = keys.utf8.split(separator: 0).compactMap { override(String(Substring($0))) }
    guard overrides.count <= maximumOverrides else {
        throw Failure(.refused, "the repository's configuration names too many commands")
    }
    return overrides
}

/// The setting that takes a command out of `key`; nil if it holds none for `git archive`.
///
/// git prints section and variable in lower case; what stands between the first dot and the last is
/// the subsection, and may hold anything.
private func override(_ key: String) -> Setting? {
    let dot = UInt8(ascii: ".")
    guard let first = key.utf8.firstIndex(of: dot), let last = key.utf8.lastIndex(of: dot) else {
        return nil
    }
    let isBuiltIn = ["tar.tgz.", "tar.tar.gz."].contains(String(key[...last]))
    switch (String(key[..<first]), String(key[last...])) {
    case ("filter", ".required"): return Setting(key, "false")
    case ("filter", _), ("diff", ".command"), ("diff", ".textconv"): return Setting(key, "")
    case ("tar", ".command"): return Setting(key, isBuiltIn ? archiveCompressor : "false")
    case ("tar", ".remote"): return isBuiltIn ? nil : Setting(key, "false")
    default: return nil
    }
}
