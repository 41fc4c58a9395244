// The SSH data types of RFC 4251, section 5, read and written.

/// Reads integers and strings off the front of a message. A message that ends early gives nil.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func uint32() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        let value = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        return value
    }

    mutating func string() -> [UInt8]? {
        guard let count = uint32(), count <= rest.count else { return nil }
        let value = Array(rest.prefix(Int(count)))
        rest = rest.dropFirst(Int(count))
        return value
    }
}

extension [UInt8] {
    mutating func append(uint32 value: UInt32) {
        for shift in [24, 16, 8, 0] as [UInt32] { append(UInt8(value >> shift & 0xff)) }
    }

    mutating func append(string bytes: some Collection<UInt8>) {
        append(uint32: UInt32(bytes.count))
        self += bytes
    }
}
