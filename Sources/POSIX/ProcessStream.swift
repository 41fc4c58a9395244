// A child process as the far end of a relay: its input and output carry the bytes, its standard
// error is passed on line by line.

import Model

/// The pipes of a child, as a ``ByteStream``.
public final class ProcessStream: ByteStream {
    public let child: ChildProcess
    private let diagnostics: LineFilter
    private let diagnosticBytes = ByteBuffer(capacity: 4096)

    /// Takes over `child`; each line of its standard error goes to `diagnostics`.
    public init(_ child: ChildProcess, diagnostics: LineFilter) {
        self.child = child
        self.diagnostics = diagnostics
        for descriptor in [child.inputDescriptor, child.outputDescriptor, child.errorDescriptor] {
            if let descriptor { setNonBlocking(descriptor) }
        }
        if let descriptor = child.outputDescriptor { widenPipe(descriptor) }
    }

    public func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
        guard let descriptor = child.outputDescriptor else { return .end }
        return try POSIX.read(descriptor, into: buffer)
    }

    public func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome {
        guard let descriptor = child.inputDescriptor else { return .closed }
        return try POSIX.write(descriptor, from: buffer)
    }

    public func finishWriting() -> Bool {
        child.closeInput()
        return true
    }

    public func interest(reading: Bool, writing: Bool) -> [PollRequest] {
        var requests: [PollRequest] = []
        if reading, let descriptor = child.outputDescriptor {
            requests.append(PollRequest(descriptor, reading: true))
        }
        if writing, let descriptor = child.inputDescriptor {
            requests.append(PollRequest(descriptor, writing: true))
        }
        if let descriptor = child.errorDescriptor {
            requests.append(PollRequest(descriptor, reading: true))
        }
        return requests
    }

    /// Takes a turn's worth and no more: a child that never stops complaining must not keep us.
    public func service() throws(Failure) {
        for _ in 0..<16 {
            guard let descriptor = child.errorDescriptor else { return }
            switch try POSIX.read(descriptor, into: diagnosticBytes) {
            case .bytes: diagnostics.append(diagnosticBytes.takeAll())
            case .wouldBlock: return
            case .end:
                diagnostics.finish()
                child.closeError()
            }
        }
    }

    public var nextService: Deadline { .never }

    public var holdsBytes: Bool { false }

    public func end(by deadline: Deadline) throws(Failure) -> ExitStatus {
        child.closeInput()
        child.closeOutput()
        while let descriptor = child.errorDescriptor, !deadline.hasPassed {
            guard try wait(for: descriptor, reading: true, until: deadline) else { break }
            try service()
        }
        diagnostics.finish()
        if let status = child.waitForExit(until: deadline) { return status }
        child.end(grace: .milliseconds(200))
        return .unknown
    }
}
