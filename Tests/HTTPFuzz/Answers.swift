// What comes back for a request, and what is wrong with it.

import Model
import POSIX
import TestSupport

/// How a connection went.
struct Exchange {
    var bytes: [UInt8] = []
    /// Whether the server ended it, in the time that it has for that.
    var isEnded = false

    /// Sends `request` and reads what comes, to the end; of a stream that has none, the beginning.
    init(_ request: FuzzedRequest, over socket: borrowing FileDescriptor, patience: Duration) {
        let deadline = Deadline.after(patience)
        let rest = ByteBuffer(request.bytes)
        let buffer = ByteBuffer(capacity: 64 << 10)
        while !deadline.hasPassed {
            if !rest.isEmpty {
                switch try? sendWithoutSignal(socket.raw, from: rest) {
                case .bytes: break
                default: rest.clear()
                }
            }
            guard
                (try? wait(for: socket.raw, reading: true, writing: !rest.isEmpty, until: deadline))
                    == true
            else { return }
            switch try? POSIX.read(socket.raw, into: buffer) {
            case .bytes: bytes += buffer.takeAll()
            case .wouldBlock: continue
            case .end, nil:
                isEnded = true
                return
            }
            if isStream { return }
        }
    }

    private var isStream: Bool {
        bytes.count < 4096
            && String(decoding: bytes, as: UTF8.self).contains(
                "Content-Type: text/event-stream\r\n")
    }
}

extension FuzzedRequest {
    /// What is wrong with what came back; nil: nothing is.
    func flaw(of exchange: Exchange) -> String? {
        guard !exchange.bytes.isEmpty else {
            // A body that is too large is refused while it comes: the refusal may be lost.
            return isWhole && bytes.count < 64 << 10 ? "it has no answer" : nil
        }
        guard let answer = HTTPAnswer(String(decoding: exchange.bytes, as: UTF8.self)) else {
            return "the answer has no head"
        }
        guard
            [200...299, 400...499, 501...501, 505...505].contains(where: {
                $0.contains(answer.status)
            })
                || answer.status == 503 && answer.body.contains("too many listen")
        else { return "the answer is \(answer.status)" }
        if let forbidden, forbidden.contains(answer.status) {
            return "the answer is \(answer.status), which its proof does not allow"
        }
        guard let length = answer.headers["content-length"].flatMap({ Int($0) }),
            answer.headers["content-type"] == "application/json", answer.body.utf8.count == length
        else { return nil }
        return JSON(parsing: Array(answer.body.utf8)) == nil ? "the answer is no JSON" : nil
    }
}
