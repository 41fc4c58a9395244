// Base64 against RFC 4648's own examples, and there and back.

import Model
import TestSupport
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "the examples of RFC 4648, section 10, both ways",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func examples(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test("a fingerprint has no padding")
    func unpadded() {
        #expect(Base64.encode("f".utf8, padded: false) == "Zg")
        #expect(Base64.encode("fo".utf8, padded: false) == "Zm8")
        #expect(Base64.decode("Zg") == Array("f".utf8))
    }

    @Test("every byte survives, at every length")
    func roundTrip() {
        var numbers = SeededNumbers(seed: 1)
        for count in 0..<100 {
            let bytes = Array(numbers.bytes(count))
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode([0xfb, 0xff, 0xfe]) == "+//+")
    }

    @Test(
        "what no encoder writes is refused",
        arguments: [
            "Z", "Zm9vY", "Zg==Zg==", "=Zg", "Zm 9v", "Zm9v\n", "Zm-_", "Zm9\u{e9}", "Z===",
        ])
    func garbage(text: String) { #expect(Base64.decode(text) == nil) }
}
