// What a client asks the bridge for: a service, a path, a protocol version. Nothing else is a request.
//
// The text comes from whoever holds a key (`SSH_ORIGINAL_COMMAND`), so it is read byte by byte
// against one grammar and never by a shell. Standard library only, and so are Model and PackProtocol:
// a fuzzer builds this file.

import Model
import PackProtocol

/// One request, understood.
public struct ServiceRequest: Sendable, Equatable {
    public let service: Service
    /// As the client named it: not resolved, not yet allowed.
    public let path: String
    /// 0, 1 or 2; nil if the request does not say.
    public let protocolVersion: Int?

    /// The most bytes that a request may have: PATH_MAX of Linux.
    public static let maximumLength = 4096
    /// The most characters of a refused request that are shown or written down.
    public static let maximumShown = 200

    /// Reads the command line that an SSH client sent.
    ///
    ///     (git-upload-pack | git upload-pack | git-upload-archive | git upload-archive) PATH
    ///     (git-pod | git pod) bridge [--protocol=N] (git-upload-pack | git-upload-archive) PATH
    ///
    /// One space between words. PATH is one word: plain, or in git's own quotes (sq_quote in
    /// git's quote.c).
    ///
    /// - Throws: ``Failure`` of kind `refused`.
    public init(parsing text: String) throws(Failure) {
        try Self.checkText(text)
        var words = RequestWords(text)
        var first = words.plain()
        if first == "git", let second = words.plain() { first = "git-\(second)" }
        switch first {
        case "git-receive-pack": throw Self.pushRefusal
        case "git-pod":
            guard let verb = words.plain() ?? words.lastWord() else {
                throw Self.notUnderstood(text)
            }
            guard verb == "bridge" else { throw Self.verbRefusal(verb) }
            let (version, name) = try Self.versionAndService(&words, text)
            try self.init(service: name, path: words.lastWord(), version: version, text: text)
        default:
            guard let first, Service(rawValue: first) != nil else { throw Self.notUnderstood(text) }
            try self.init(service: first, path: words.lastWord(), version: nil, text: text)
        }
    }

    /// Reads the bridge's own arguments: `[--protocol=N] SERVICE PATH`, PATH without quotes.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there are too few or too many, or the
    ///   version is none; of kind `refused` for another service or a path with control characters.
    public init(arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        var version: Int?
        if let first = rest.first, first.hasPrefix(RequestWords.protocolOption) {
            version = RequestWords.version(first)
            guard version != nil else {
                throw Failure(
                    .configuration, "\"\(first)\" names no protocol", hint: "use 0, 1 or 2")
            }
            rest = rest.dropFirst()
        }
        guard rest.count == 2, let service = rest.first, let path = rest.last, !path.isEmpty else {
            throw Failure(
                .configuration, "a request has a service and a path, and nothing else",
                hint: "use git pod bridge [OPTIONS] [--protocol=N] git-upload-pack PATH")
        }
        let text = "\(service) \(path)"
        try Self.checkText(text)
        try self.init(service: service, path: path, version: version, text: text)
    }

    private init(service name: String, path: String?, version: Int?, text: String)
        throws(Failure)
    {
        if name == "git-receive-pack" { throw Self.pushRefusal }
        guard let service = Service(rawValue: name), let path, !path.isEmpty else {
            throw Self.notUnderstood(text)
        }
        self.service = service
        self.path = path
        protocolVersion = version
    }

    private static func versionAndService(_ words: inout RequestWords, _ text: String)
        throws(Failure) -> (Int?, String)
    {
        guard let word = words.plain() else { throw notUnderstood(text) }
        guard word.hasPrefix(RequestWords.protocolOption) else { return (nil, word) }
        guard let version = RequestWords.version(word), let name = words.plain() else {
            throw notUnderstood(text)
        }
        return (version, name)
    }

    private static func checkText(_ text: String) throws(Failure) {
        guard text.utf8.count <= maximumLength else {
            throw Failure(.refused, "the request is longer than \(maximumLength) bytes")
        }
        guard text.harmless == text else { throw notUnderstood(text) }
    }
}

extension ServiceRequest {
    /// What is shown of a request that was refused: harmless, and not long.
    public static func shown(_ text: String) -> String {
        let harmless = text.harmless.unicodeScalars
        guard harmless.count > maximumShown else { return String(harmless) }
        return String(String.UnicodeScalarView(harmless.prefix(maximumShown - 1))) + "…"
    }

    static func notUnderstood(_ text: String) -> Failure {
        Failure(
            .refused, "this pod does not understand the request \"\(shown(text))\"",
            hint: "it serves git-upload-pack 'PATH' and nothing like it")
    }

    private static var pushRefusal: Failure {
        Failure(.refused, "a pod is fetched from", hint: "push to origin")
    }

    private static func verbRefusal(_ verb: String) -> Failure {
        Failure(
            .refused, "\"git pod \(shown(verb))\" is not to be had over this connection",
            hint: "this bridge only serves fetches")
    }
}
