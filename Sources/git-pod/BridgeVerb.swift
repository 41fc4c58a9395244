// `git pod bridge`: serves one request that came by sshd's forced command or by an exec.
//
// Only this file looks at the environment: which words were asked, and who asks.

import Bridge
import ControlAPI
import Model
import POSIX

let bridgeVerb = Verb(
    name: "bridge", summary: "serve one fetch from this pod's repositories", help: bridgeHelp
) { arguments throws(Failure) in
    var line = try BridgeLine(arguments)
    switch line.print {
    case .sshdConfiguration:
        try line.checkPrintable()
        try printLine(line.settings.sshdConfiguration)
    case .authorizedKey(let key):
        try line.checkPrintable()
        try printLine(line.settings.authorizedKeyLine(PublicKeyLine(key), actor: line.actor))
    case nil:
        // A client that does not read its errors must not hold a request up for ever.
        if isPipeOrSocket(2) { setNonBlocking(2) }
        let caller = try line.caller()
        // Each request is a line of the audit, also one that the end of the pod cuts off.
        let stop = try SignalWaker([Signals.hangUp, Signals.interrupt, Signals.terminate])
        return withExtendedLifetime(stop) {
            serveOneRequest(
                caller, settings: line.settings,
                standard: BridgeStandard(
                    input: 0, output: 1, stop: stop.descriptor, complain: complain,
                    passOn: { writeAll($0 + "\n", to: 2) }),
                tell: tellEngine)
        }
    }
    return .done
}

/// How long an engine may take to note a request.
private let enginePatience = Duration.seconds(1)

/// Tells the engine of the gitdir, if one runs, for its metrics and its log.
private func tellEngine(_ record: AuditRecord) {
    guard let gitdir = record.repository else { return }
    let request = ControlRequest(.post, "/v1/fetches", body: Array(record.json.text.utf8))
    _ = try? ControlClient(gitdir: gitdir).send(request, until: .after(enginePatience))
}

/// The verb's arguments, read.
private struct BridgeLine {
    enum Print {
        case sshdConfiguration
        case authorizedKey(String)
    }

    var settings = BridgeSettings()
    var actor: String?
    var print: Print?
    /// What is behind the options: a request.
    var request: [String] = []

    init(_ arguments: [String]) throws(Failure) {
        var options = Options(arguments)
        while let option = options.next() {
            switch option {
            case "--root": settings.roots.append(try options.value(of: option))
            case "--repository":
                settings.repositories.append(
                    try NamedRepository(parsing: try options.value(of: option)))
            case "--allow-archive":
                try options.flag(option)
                settings.allowArchive = true
            case "--actor": actor = try Self.actor(try options.value(of: option))
            case "--max-requests":
                settings.maximumRequests = try options.number(of: option, in: 1...10_000)
            case "--max-time": settings.maximumTime = try options.duration(of: option)
            case "--audit-log": settings.auditLog = try options.value(of: option)
            case "--print-sshd-config":
                try options.flag(option)
                print = .sshdConfiguration
            case "--print-authorized-key":
                print = .authorizedKey(try options.value(of: option))
            case "--protocol":
                request = ["--protocol=\(try options.value(of: option))"]
            default: throw Options.unknown(option, verb: "bridge")
            }
            if !request.isEmpty { break }
        }
        request += options.rest
    }

    private static func actor(_ name: String) throws(Failure) -> String {
        let allowed = Set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-".utf8)
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(allowed.contains),
            name.utf8.first != UInt8(ascii: "-")
        else {
            throw Failure(
                .configuration, "--actor \"\(name)\" is no name",
                hint: "use letters, digits and ._@+-, at most 64")
        }
        return name
    }

    /// - Throws: ``Failure`` of kind `configuration` if the text to print would allow everything, or
    ///   could not be one line.
    func checkPrintable() throws(Failure) {
        guard request.isEmpty else {
            throw Failure(.configuration, "a text is printed, or a request served: not both")
        }
        let paths = settings.roots + settings.repositories.map(\.directory)
        guard !paths.isEmpty else {
            throw Failure(
                .configuration, "a forced command must say what it serves",
                hint: "give --root DIR or --repository NAME=DIR")
        }
        for path in paths + [settings.auditLog ?? "/"] {
            guard path.hasPrefix("/"), path.harmless == path else {
                throw Failure(
                    .configuration, "\"\(path)\" is no plain absolute path",
                    hint: "sshd starts the bridge in the user's home")
            }
        }
    }

    /// Who asks for what, from the environment that sshd or an exec made.
    func caller() throws(Failure) -> BridgeCaller {
        let words: BridgeCaller.Words
        if let command = environmentBytes("SSH_ORIGINAL_COMMAND") {
            guard request.isEmpty else {
                throw Failure(
                    .configuration, "there is a request from the client and one in the arguments",
                    hint: "leave the request out of the forced command")
            }
            words = .sshCommand(command)
        } else if request.isEmpty, environmentVariable("SSH_CONNECTION") != nil {
            words = .login
        } else if request.isEmpty {
            throw Failure(.configuration, "there is no request", hint: "see git pod bridge -h")
        } else {
            words = .arguments(request)
        }
        return BridgeCaller(words: words, who: who(), protocolVersion: Self.protocolVersion())
    }

    private func who() -> String {
        if let actor { return actor }
        if let file = environmentVariable("SSH_USER_AUTH"),
            let content = try? readFile(file, limit: 64 << 10),
            let line = content.split(separator: UInt8(ascii: "\n")).first, !line.isEmpty
        {
            return String(decoding: line.prefix(1024), as: UTF8.self).harmless
        }
        return "exec uid \(currentUser())"
    }

    private static func protocolVersion() -> Int? {
        switch environmentVariable("GIT_PROTOCOL") {
        case "version=0": 0
        case "version=1": 1
        case "version=2": 2
        default: nil
        }
    }
}

private let bridgeHelp = """
    usage: git pod bridge [OPTIONS]
           git pod bridge [OPTIONS] [--protocol=N] SERVICE PATH
           git pod bridge --print-sshd-config --root DIR
           git pod bridge --print-authorized-key KEY [--actor NAME] --root DIR

    Serves one request and ends. The request is what an SSH client sent
    (SSH_ORIGINAL_COMMAND, under a forced command), or else SERVICE and PATH:
    git-upload-pack, or git-upload-archive if allowed, and a bare repository.

      --root DIR             serve the repositories under DIR; again for more
      --repository NAME=DIR  serve DIR under the path NAME; again for more
      --allow-archive        serve git archive --remote, too
      --actor NAME           who asks, for the audit log
      --max-requests N       serve so many at a time (32)
      --max-time DURATION    give one up after that long (1h)
      --audit-log FILE       write the audit there (git-pod-audit.log in the
                             first root, or else in the repository)
      --print-sshd-config    print a configuration for an sshd that gives
                             fetches and nothing else
      --print-authorized-key KEY
                             print the authorized_keys line for KEY: a public
                             key, or the name of its file

    With neither a root nor a repository, an SSH client is served nothing and
    other callers whatever this user can read.
    """
