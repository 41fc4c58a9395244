// PodAddress: nothing that a child process could take for an option or a command comes through.
// Built and run by bin/fuzz.
// sources: Model

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    do {
        let address = try PodAddress(text)
        check(address.host, extra: ":")
        if let user = address.user { check(user, extra: "@+") }
        if let path = address.path {
            precondition(path.utf8.first == UInt8(ascii: "/") && path.utf8.count > 1)
            precondition(path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
        }
        if let port = address.port { precondition(port > 0) }
    } catch {
        let shown = "\(error)"
        precondition(error.kind == .configuration && shown.utf8.count < 8192)
        precondition(shown.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
    }
    return 0
}

private func check(_ word: String, extra: String) {
    precondition(!word.isEmpty && word.utf8.first != UInt8(ascii: "-"))
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-" + extra
    precondition(word.utf8.allSatisfy { Array(plain.utf8).contains($0) })
}
