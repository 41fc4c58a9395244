// A pod's service that has begun to speak: relayed to its end, and judged.

import Model
import POSIX
import PackProtocol

/// One conversation with a service in a pod.
public final class PodService {
    private let connection: Connection
    private let reader: ConversationReader
    private let first: ByteBuffer
    private let settings: PodSettings

    init(
        connection: Connection, reader: ConversationReader, first: ByteBuffer,
        settings: PodSettings
    ) {
        self.connection = connection
        self.reader = reader
        self.first = first
        self.settings = settings
    }

    /// Relays between git, on `input` and `output`, and the pod, until both are done.
    ///
    /// Returns a warning where the carrier failed after git had everything.
    ///
    /// - Throws: ``Failure``: `unreachable` for a silent or broken far side; `failed` for a stream
    ///   that ended early, whatever its carrier says of it; the far side's own kind for its refusals.
    public func relay(input: Int32, output: Int32) throws(Failure) -> String? {
        do throws(Failure) { return try converse(input, output) } catch {
            connection.giveUp()
            throw error
        }
    }

    private func converse(_ input: Int32, _ output: Int32) throws(Failure) -> String? {
        let relay = Relay(
            input: input, output: output, far: connection.stream, first: first, observer: reader,
            limits: Relay.Limits(idle: settings.idleTimeout))
        let end: RelayEnd
        do throws(Failure) { end = try relay.run() } catch {
            guard reader.conversation.isComplete,
                gitMayBeDone(relay) || reader.conversation.packHasCome
            else { throw error }
            connection.giveUp()
            return "\(settings.name): \(error.message), after git had everything"
        }
        if let words = reader.conversation.protocolViolation {
            throw notGit(settings.name, words)
        }
        switch end {
        case .farEnded:
            let status = try connection.stream.end(by: .after(.seconds(5)))
            return try judge(status, gitMayBeDone: gitMayBeDone(relay))
        case .farSilent, .farLingered, .timedOut, .stopped:
            throw silent(settings, for: settings.idleTimeout, reader.conversation.stage)
        case .nearVanished:
            // git closes both ways at once when it has what it wanted.
            guard reader.conversation.isComplete else {
                throw nearGone(reader.conversation.stage)
            }
            connection.giveUp()
            return nil
        }
    }

    private func gitMayBeDone(_ relay: Relay) -> Bool {
        relay.inputHasEnded || reader.conversation.isServersToEnd
    }

    private func judge(_ status: ExitStatus, gitMayBeDone: Bool) throws(Failure) -> String? {
        let conversation = reader.conversation
        let lines = connection.diagnostics.lines
        if let refusal = conversation.remoteError {
            let kind = farFailure(settings.name, status, lines).kind
            throw Failure(kind, "\(settings.name) refused: \(refusal.harmless)")
        }
        guard conversation.isComplete else {
            let far = farFailure(settings.name, status, lines)
            let words = connection.explain(status, lines)?.message
            throw Failure(
                far.kind,
                "the stream from \(settings.name) ended early, \(conversation.stage) (\(status))"
                    + (words.map { ": \($0)" } ?? ""),
                hint: "nothing was kept of it; fetch again")
        }
        guard gitMayBeDone else {
            let early = "\(settings.name) ended before git was done (\(status))"
            // git may be busy with the pack and want nothing more; if it does, it fails by itself.
            if conversation.packHasCome { return early }
            throw Failure(.failed, "\(early), \(conversation.stage)", hint: "fetch again")
        }
        if status.isSuccess || status == .unknown { return nil }
        return "\(settings.name): its carrier ended with \(status) after git had everything"
    }
}
