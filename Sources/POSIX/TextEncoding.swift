// Text in other encodings, by the system's iconv. Replay reads commit messages with it.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `text` as UTF-8, read as the encoding called `name`.
///
/// Nil if the system does not know that encoding, or `text` is not valid in it: never a part.
public func utf8(_ text: [UInt8], from name: String) -> [UInt8]? {
    guard let converter = unsafe iconv_open("UTF-8", name),
        unsafe converter != iconv_t(bitPattern: -1)
    else { return nil }
    defer { unsafe iconv_close(converter) }
    var source = text.map { CChar(bitPattern: $0) }
    // No encoding's character of one byte takes more than four as UTF-8; the rest is for resets.
    var target = [CChar](repeating: 0, count: text.count * 4 + 16)
    var rest = source.count
    var room = target.count
    let failed = unsafe source.withUnsafeMutableBufferPointer { source in
        unsafe target.withUnsafeMutableBufferPointer { target in
            var from = source.baseAddress
            var to = target.baseAddress
            return unsafe iconv(converter, &from, &rest, &to, &room) == -1
        }
    }
    guard !failed, rest == 0 else { return nil }
    return target.prefix(target.count - room).map { UInt8(bitPattern: $0) }
}
