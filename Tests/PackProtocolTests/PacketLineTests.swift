// Packets in, packets out, wherever the stream is cut.

import PackProtocol
import Testing

@Suite("Packets")
struct PacketLineTests {
    /// Every packet in `pieces`, with its prefix, then the error if there was one.
    private func scan(_ pieces: [[UInt8]], prefix: Int = 8) -> [String] {
        var parser = PacketLineParser(prefixLimit: prefix)
        var found: [String] = []
        for piece in pieces {
            var offset = 0
            do {
                while let packet = try unsafe parser.next(in: piece.span.bytes, from: &offset) {
                    let text = String(decoding: parser.prefix, as: UTF8.self)
                    found.append("\(packet) \(text) \(parser.isAtBoundary)")
                }
                #expect(offset == piece.count)
            } catch {
                return found + ["\(error)"]
            }
        }
        return found + ["\(parser.isAtBoundary)"]
    }

    private let stream = Array("0009done\n0000000400010002000Ea longer x0005x".utf8)
    private let expected = [
        "data(length: 5) done\n true", "flush  true", "data(length: 0)  true",
        "delimiter  true", "responseEnd  true", "data(length: 10) a longer true",
        "data(length: 1) x true", "true",
    ]

    @Test("a stream is read as its packets, with the first bytes of each payload")
    func whole() { #expect(scan([stream]) == expected) }

    @Test("a stream cut in two anywhere is read as the same packets")
    func cut() {
        for offset in 0...stream.count {
            let pieces = [Array(stream[..<offset]), Array(stream[offset...])]
            #expect(scan(pieces) == expected, "cut at \(offset)")
        }
        #expect(scan(stream.map { [$0] }) == expected, "byte by byte")
    }

    @Test("a stream that ends within a packet is at no boundary", arguments: 1..<9)
    func boundary(length: Int) {
        #expect(scan([Array("0009done\n".utf8.prefix(length))]) == ["false"])
    }

    @Test("no more of a payload is kept than its owner wants")
    func prefixIsBounded() throws {
        let payload = [UInt8](repeating: 7, count: PacketLine.maximumPayload)
        let bytes = try PacketLine.encode(payload)
        var parser = PacketLineParser(prefixLimit: 16)
        for piece in [bytes[..<10], bytes[10..<40], bytes[40...]].map(Array.init) {
            var offset = 0
            let packet = try unsafe parser.next(in: piece.span.bytes, from: &offset)
            #expect(packet == nil || packet == .data(length: PacketLine.maximumPayload))
            #expect(offset == piece.count)
        }
        #expect(parser.isAtBoundary)
        #expect(parser.prefix == Array(payload.prefix(16)))
    }

    @Test(
        "what is no length is refused with its four bytes, and nothing is found after it",
        arguments: ["0003", "fff1", "ffff", "PACK", "00 4", "-001", "0x05", "\0\0\0\0"])
    func badHeader(text: String) {
        let error = "\(PacketLineError.badHeader(Array(text.utf8)))"
        #expect(scan([Array("0000\(text)0000".utf8)]) == ["flush  true", error])
        var parser = PacketLineParser()
        for piece in [text, "0000", "0000"] {
            var offset = 0
            #expect(throws: PacketLineError.badHeader(Array(text.utf8))) {
                while try unsafe parser.next(in: Array(piece.utf8).span.bytes, from: &offset) != nil
                {}
            }
        }
        #expect(!parser.isAtBoundary)
    }

    @Test("a packet is written with the length of its header counted")
    func encode() throws {
        #expect(try PacketLine.encode("done\n") == Array("0009done\n".utf8))
        #expect(try PacketLine.encode("") == Array("0004".utf8))
        #expect(PacketLine.flushBytes == Array("0000".utf8))
        #expect(PacketLine.delimiterBytes == Array("0001".utf8))
        let longest = String(repeating: "x", count: PacketLine.maximumPayload)
        #expect(try PacketLine.encode(longest).starts(with: "fff0x".utf8))
        #expect(throws: PacketLineError.payloadTooLong(65517)) {
            try PacketLine.encode(longest + "x")
        }
    }
}
