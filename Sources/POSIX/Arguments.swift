// The words this process was started with. The executables read them; Swift's own list of them has
// other characters in the place of what is no UTF-8, and would name another file.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The arguments behind the program's name, byte for byte.
public func argumentBytes() -> [[UInt8]] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
        guard let argument = unsafe CommandLine.unsafeArgv[index] else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
    }
}

/// An argument as text.
///
/// - Throws: ``Failure`` of kind `configuration` if it is no UTF-8: no text can stand for it.
public func argumentText(_ bytes: [UInt8]) throws(Failure) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let shown = String(decoding: bytes.prefix(200), as: UTF8.self)
    throw Failure(
        .configuration, "the argument \"\(shown)\" is no UTF-8",
        hint: "rename what it means, or lead there by a link with a plain name")
}
