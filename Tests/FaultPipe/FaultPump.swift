// The relay of fault-pipe: byte for byte, as far as it goes.

import Model
import POSIX

/// Relays between our standard descriptors and a child's, until the first fault or the end.
struct FaultPump {
    let options: FaultOptions
    let child: ChildProcess
    private(set) var upPassed = 0
    private(set) var downPassed = 0
    private var inputEnded = false

    init(options: FaultOptions, child: ChildProcess) {
        self.options = options
        self.child = child
    }

    /// True if the connection was cut, or given up while frozen; false if the child came to its end.
    mutating func run() throws(Failure) -> Bool {
        while true {
            if downPassed >= options.cutDown || upPassed >= options.cutUp { return true }
            // Our reader's going is an end even of a frozen connection.
            var requests = [PollRequest(1)]
            if !inputEnded { requests.append(PollRequest(0, reading: true)) }
            if downPassed < options.freezeDown, let output = child.outputDescriptor {
                requests.append(PollRequest(output, reading: true))
            }
            try wait(for: &requests, until: .never)
            if requests[0].hungUp { return true }
            for request in requests where request.readable {
                if request.descriptor == 0 {
                    try moveUp()
                } else {
                    guard try moveDown(from: request.descriptor) else { return false }
                }
            }
        }
    }

    private mutating func moveUp() throws(Failure) {
        let isFrozen = upPassed >= options.freezeUp
        let room = isFrozen ? 65536 : min(options.cutUp, options.freezeUp) - upPassed
        let buffer = ByteBuffer(capacity: min(65536, room))
        guard case .bytes(let count) = try read(0, into: buffer) else {
            inputEnded = true
            if !isFrozen { child.closeInput() }
            return
        }
        guard !isFrozen, let input = child.inputDescriptor else { return }
        upPassed += count
        try keep(buffer, count, "up")
        _ = try writeFully(buffer, to: input)
    }

    /// False at the child's end, or when our reader has gone.
    private mutating func moveDown(from output: Int32) throws(Failure) -> Bool {
        let room = min(options.cutDown, options.freezeDown) - downPassed
        let buffer = ByteBuffer(capacity: min(65536, room))
        guard case .bytes(let count) = try read(output, into: buffer) else { return false }
        downPassed += count
        try keep(buffer, count, "down")
        return try writeFully(buffer, to: 1)
    }

    /// Appends what passes to the record, if one is wanted.
    private func keep(_ buffer: ByteBuffer, _ count: Int, _ way: String) throws(Failure) {
        guard let record = options.record else { return }
        var text: [UInt8] = []
        buffer.withLast(count) { span in
            text = span.byteOffsets.map {
                unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
            }
        }
        let hex = text.map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        try appendToFile("\(record).\(way)", hex.joined(), mode: 0o600)
    }

    private func writeFully(_ buffer: ByteBuffer, to descriptor: Int32) throws(Failure) -> Bool {
        while !buffer.isEmpty {
            if try write(descriptor, from: buffer) == .closed { return false }
        }
        return true
    }
}
