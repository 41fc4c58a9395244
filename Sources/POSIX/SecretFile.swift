// Files whose content nobody else may know: private keys and tokens.

import Model

/// The content of a secret file that may be used.
///
/// As OpenSSH: a file of ours that others may read is no secret. `what` is what the file is called
/// in messages, `setting` what names it.
///
/// - Throws: ``Failure`` of kind `configuration`, with what to do about the file.
public func readSecret(_ path: String, what: String, setting: String, limit: Int) throws(Failure)
    -> [UInt8]
{
    guard let status = fileStatus(path) else {
        throw Failure(.configuration, "there is no \(what) \(path)", hint: "correct \(setting)")
    }
    guard status.kind == .file else {
        throw Failure(
            .configuration, "the \(what) \(path) is no plain file", hint: "correct \(setting)")
    }
    if status.owner == currentUser(), status.mode & 0o077 != 0 {
        throw Failure(
            .configuration, "others may read the \(what) \(path)", hint: "chmod 600 \(path)")
    }
    do throws(Failure) { return try readFile(path, limit: limit) } catch {
        throw Failure(
            .configuration, error.message,
            hint: "let user \(currentUser()) read the \(what), or correct \(setting)")
    }
}
