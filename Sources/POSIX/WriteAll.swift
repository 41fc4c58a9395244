// Writing a text whole, for what the executables print and complain of.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long a descriptor that does not block may take nothing before a text is given up.
private let patience = Duration.seconds(5)

/// Writes all of `text` to a descriptor, waiting as long as it takes. Errors end it silently:
/// this is for standard error, where there is nobody left to tell.
public func writeAll(_ text: String, to descriptor: Int32) {
    _ = refusal(of: text, by: descriptor)
}

/// Writes all of `text` to standard output.
///
/// - Throws: ``Failure`` of kind `failed` if not all of it was taken: whoever asked for it has not
///   got it.
public func printAll(_ text: String) throws(Failure) {
    if let code = refusal(of: text, by: 1) {
        throw .system("write to standard output", code: code)
    }
}

/// Writes all of `text`, or returns the `errno` that ended it.
private func refusal(of text: String, by descriptor: Int32) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe write(descriptor, $0.baseAddress, $0.count)
        }
        if count > 0 {
            rest = rest.dropFirst(count)
        } else if count < 0, errno == EAGAIN {
            let isReady = try? wait(for: descriptor, writing: true, until: .after(patience))
            guard isReady == true else { return EAGAIN }
        } else if count == 0 || errno != EINTR {
            return count == 0 ? ENOSPC : errno
        }
    }
    return nil
}
