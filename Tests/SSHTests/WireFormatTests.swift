// Integers and strings of RFC 4251, section 5.

import TestSupport
import Testing

@testable import SSH

@Suite("The SSH wire format")
struct WireFormatTests {
    @Test("what is written is read back")
    func roundTrip() {
        var bytes: [UInt8] = [9]
        bytes.append(uint32: 0x0102_0304)
        bytes.append(string: "text".utf8)
        bytes.append(string: [UInt8]())
        #expect(bytes == [9, 1, 2, 3, 4, 0, 0, 0, 4] + Array("text".utf8) + [0, 0, 0, 0])
        var reader = WireReader(bytes)
        #expect(reader.byte() == 9 && reader.uint32() == 0x0102_0304)
        #expect(reader.string() == Array("text".utf8) && reader.string() == [])
        #expect(reader.byte() == nil && reader.uint32() == nil && reader.string() == nil)
    }

    @Test("a length beyond the message's end gives nothing, however large it is")
    func lengths() {
        for length in [1, 5, 0x7fff_ffff, 0xffff_ffff] as [UInt32] {
            var bytes: [UInt8] = []
            bytes.append(uint32: length)
            var reader = WireReader(bytes)
            #expect(reader.string() == nil)
        }
    }

    @Test("no message makes it crash")
    func random() {
        var numbers = SeededNumbers(seed: 31)
        for count in 0..<500 {
            var reader = WireReader(numbers.bytes(count % 40))
            for _ in 0..<20 { _ = (reader.string(), reader.uint32(), reader.byte()) }
            #expect(reader.byte() == nil)
        }
    }
}
