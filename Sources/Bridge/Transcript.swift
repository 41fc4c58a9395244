// What passes through the bridge, read along: counted, and the client's requests understood as far
// as the audit needs them. The relay's observer.

import Model
import POSIX
import PackProtocol

/// Reads along with one request.
final class Transcript: RelayObserver {
    /// Bytes to the client.
    private(set) var bytesSent: Int64 = 0
    /// Bytes from the client.
    private(set) var bytesReceived: Int64 = 0

    private var recorder: RequestRecorder

    init(service: Service) { recorder = RequestRecorder(service: service) }

    /// Writes what was read into `record`. All of it is the client's own text.
    func tell(_ record: inout AuditRecord) {
        record.bytesSent = bytesSent
        record.bytesReceived = bytesReceived
        func note(_ name: String, _ texts: [String]) {
            guard !texts.isEmpty else { return }
            record.asked.append((name, .array(texts.map { .string($0.harmless) })))
        }
        note("commands", recorder.commands)
        if recorder.wantCount > 0 { record.asked.append(("wants", .integer(recorder.wantCount))) }
        note("firstWants", recorder.wants)
        note("refs", recorder.wantRefs)
        note("depth", recorder.depth)
        if let filter = recorder.filter {
            record.asked.append(("filter", .string(filter.harmless)))
        }
        note("arguments", recorder.arguments)
        if recorder.isMalformed { record.asked.append(("malformed", .bool(true))) }
    }

    /// Nobody is timed here for being slow to answer: that is the helper's to do.
    var awaitsFar: Bool { false }

    func sending(_ bytes: RawSpan) {
        bytesReceived += Int64(bytes.byteCount)
        recorder.sending(bytes)
    }

    func received(_ bytes: RawSpan) { bytesSent += Int64(bytes.byteCount) }
}
