// ShellWords: what is quoted is one word again, and words survive being quoted. Built and run by
// bin/fuzz.
// sources: Model

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    precondition(same(ShellWords.split(ShellWords.quote(text)), [text]))
    if let words = ShellWords.split(text) {
        let line = words.map(ShellWords.quote).joined(separator: " ")
        precondition(same(ShellWords.split(line), words))
    }
    return 0
}

/// Byte by byte: strings that only look alike are two different words.
private func same(_ left: [String]?, _ right: [String]) -> Bool {
    left?.map { Array($0.utf8) } == right.map { Array($0.utf8) }
}
