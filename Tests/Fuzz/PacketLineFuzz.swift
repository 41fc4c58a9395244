// PacketLineParser: however a stream is cut, the same packets come out. Built and run by bin/fuzz.
// sources: PackProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let length = 1 + Int(input.first ?? 0) % 16
    let stream = Array(input.dropFirst())
    let whole = scan(stream, by: max(stream.count, 1))
    precondition(whole == scan(stream, by: 1))
    precondition(whole == scan(stream, by: length))
    return 0
}

/// Everything that can be seen while reading `stream` in pieces of `length` bytes.
private func scan(_ stream: [UInt8], by length: Int) -> [String] {
    var parser = PacketLineParser(prefixLimit: 12)
    var found: [String] = []
    for start in stride(from: 0, to: stream.count, by: length) {
        let piece = Array(stream[start..<min(start + length, stream.count)])
        var offset = 0
        do {
            while let packet = try parser.next(in: piece.span.bytes, from: &offset) {
                precondition(parser.isAtBoundary && parser.prefix.count <= 12)
                found.append("\(packet) \(parser.prefix)")
            }
            precondition(offset == piece.count)
        } catch {
            precondition(!parser.isAtBoundary)
            return found + ["\(error)"]
        }
    }
    return found + ["\(parser.isAtBoundary)"]
}
