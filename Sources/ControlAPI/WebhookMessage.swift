// The body of a webhook: ours, GitHub's or Gitea's, as JSON or as a form's field.

import Model

/// What a webhook tells of.
public enum WebhookMessage: Sendable, Equatable {
    /// A branch has moved. Without a name: the only one; without a commit: wherever it is now. Forced:
    /// what it had may be gone.
    case moved(branch: String?, commit: String?, isForced: Bool)
    /// Nothing that concerns a branch, and why.
    case ignored(String)

    /// - Throws: ``Failure`` of kind `configuration` for a body that makes no sense.
    public init(_ request: ControlRequest) throws(Failure) {
        if let event = request.headers[.githubEvent] ?? request.headers[.giteaEvent],
            event != "push"
        {
            self = .ignored("the event is \"\(event.harmless)\", not push")
            return
        }
        let bytes = try Self.json(in: request)
        guard !bytes.isEmpty else {
            self = .moved(branch: nil, commit: nil, isForced: false)
            return
        }
        guard let body = JSON(parsing: bytes), case .object = body else {
            throw Failure(.configuration, "the body of a webhook must be a JSON object")
        }
        // Whoever's it is, all that is known of it has to make sense.
        let (branch, ref) = (try Self.text("branch", of: body), try Self.text("ref", of: body))
        let commit = try Self.commit("commitHash", of: body)
        let after = try Self.commit("after", of: body)
        let isForced = try Self.flag("forced", of: body)
        let isDeleted = try Self.flag("deleted", of: body)
        guard branch != "" else {
            throw Failure(.configuration, "branch of a webhook must be a name, or left out")
        }
        guard body["ref"] != nil else {
            self = .moved(branch: branch, commit: commit, isForced: false)
            return
        }
        guard let ref else {
            throw Failure(.configuration, "ref of a webhook must be a string")
        }
        // As GitHub and Gitea tell of a push.
        let folder = "refs/heads/"
        self =
            ref.hasPrefix(folder)
            ? .moved(
                branch: String(ref.dropFirst(folder.count)), commit: after,
                isForced: isForced || isDeleted)
            : .ignored("\(ref.harmless) is no branch")
    }

    /// A commit's id; nil for that of nothing, which stands for a branch that is gone.
    private static func commit(_ name: String, of body: JSON) throws(Failure) -> String? {
        guard let text = try text(name, of: body), text.contains(where: { $0 != "0" }) else {
            return nil
        }
        guard ObjectID(text) != nil else {
            throw Failure(.configuration, "\(name) of a webhook must be the id of a commit")
        }
        return text
    }

    private static func flag(_ name: String, of body: JSON) throws(Failure) -> Bool {
        switch body[name] {
        case nil, .null: return false
        case .bool(let value)?: return value
        default:
            throw Failure(.configuration, "\(name) of a webhook must be true or false")
        }
    }

    private static func text(_ name: String, of body: JSON) throws(Failure) -> String? {
        switch body[name] {
        case nil, .null: return nil
        case .string(let text)?: return text
        default: throw Failure(.configuration, "\(name) of a webhook must be a string")
        }
    }

    /// The body, or what a form (`application/x-www-form-urlencoded`) has as `payload`.
    private static func json(in request: ControlRequest) throws(Failure) -> [UInt8] {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded"),
            request.body.contains(UInt8(ascii: "="))
        else { return request.body }
        for field in request.body.split(separator: UInt8(ascii: "&")) {
            let name = Array("payload=".utf8)
            guard field.starts(with: name) else { continue }
            let value = field.dropFirst(name.count).map {
                $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0
            }
            guard let text = decoded(value, allowingControls: true) else { break }
            return Array(text.utf8)
        }
        throw Failure(.configuration, "the form of a webhook must have a readable payload")
    }
}
