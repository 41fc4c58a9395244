// The webhook: origin tells that a branch has moved there, and proves that it knows the secret.

import ControlAPI
import Engine
import Model
import POSIX

/// How long a webhook is waited for: those who send them hang up after 10 s.
private let webhookPatience = Duration.seconds(8)
/// Bytes of a webhook: one that tells of a push of a thousand commits has less.
private let mostWebhookBytes = 2 << 20
/// Bytes of a secret.
private let mostSecretBytes = 4096

let webhookRoute = APIRoute(
    ControlRoute(
        .post, "/v1/reload", reach: .anywhere, patience: webhookPatience,
        late: ControlResponse(
            202, reload("accepted", branch: nil, reason: "the reconcile goes on", report: nil)),
        body: mostWebhookBytes),
    "Origin's branch has moved: reconcile, unless its commit is here already",
    body: "Webhook", isSigned: true,
    [
        .json(200, "Reconciled, nothing to do, or not ours", "Reload"),
        .json(202, "The reconcile goes on", "Reload"),
        .error(400, "A body that makes no sense"), .error(401, "No proof that you know the secret"),
        .error(503, "No secret is configured, or the engine is ending"),
    ]
) { request, desk, reply in
    guard let file = desk.secretFile else {
        return reply(.error(503, "no secret is configured: see webhookSecretFile"))
    }
    let message: WebhookMessage
    do throws(Failure) {
        // As a mounted Secret is replaced, it is read each time.
        guard WebhookProof.isGiven(by: request, secret: try secret(in: file)) else {
            return reply(unproven)
        }
    } catch {
        desk.log(LogEntry(.error, "webhook", error.description))
        return reply(.error(503, "the secret cannot be read: see the log"))
    }
    do throws(Failure) { message = try WebhookMessage(request) } catch {
        return reply(.error(400, error.message))
    }
    switch message {
    case .ignored(let reason): reply(ignored(reason))
    case .moved(let branch, let commit, let isForced):
        let commit = commit.flatMap { ObjectID($0) }
        desk.engine.reload(branch, at: commit, isForced: isForced) { reply(response(to: $0)) }
    }
}

private let unproven: ControlResponse = {
    var refusal = ControlResponse.error(401, "nothing proves that you know the secret")
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal
}()

/// The file's content, without the line's end that editors add.
private func secret(in file: String) throws(Failure) -> [UInt8] {
    var bytes = try readSecret(
        file, what: "webhook's secret", setting: "webhookSecretFile", limit: mostSecretBytes)
    while let last = bytes.last, [0x0a, 0x0d].contains(last) { bytes.removeLast() }
    guard !bytes.isEmpty else {
        throw Failure(.configuration, "the webhook's secret \(file) is empty")
    }
    return bytes
}

private func response(to result: ReloadResult) -> ControlResponse {
    switch result {
    case .noChanges(let branch):
        ControlResponse(200, reload("noChanges", branch: branch, reason: nil, report: nil))
    case .reconciled(let report):
        ControlResponse(
            200,
            reload("reconciled", branch: report.branch, reason: nil, report: report.json))
    case .ignored(let reason): ignored(reason)
    case .ending: endingAnswer
    }
}

private func ignored(_ reason: String) -> ControlResponse {
    ControlResponse(200, reload("ignored", branch: nil, reason: reason, report: nil))
}

private func reload(_ outcome: String, branch: String?, reason: String?, report: JSON?) -> JSON {
    .object([
        ("outcome", .string(outcome)), ("branch", branch.map { .string($0) } ?? .null),
        ("reason", reason.map { .string($0) } ?? .null), ("report", report ?? .null),
    ])
}
