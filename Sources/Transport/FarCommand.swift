// What is asked of the far side: our bridge, or plain git where there is none.

import Model
import PackProtocol

/// One request for a service, before it is spelled for a carrier.
public struct ServiceCall: Sendable, Equatable {
    public let service: Service
    /// What `--upload-pack` names; nil for the service itself.
    public var program: String?
    public let path: String
    /// git's protocol version: 0, 1 or 2.
    public let version: Int

    public init(service: Service, program: String? = nil, path: String, version: Int) {
        self.service = service
        self.program = program == service.rawValue ? nil : program
        self.path = path
        self.version = version
    }
}

/// Who serves the request over there.
enum FarCommand: Equatable {
    /// `remoteCommand`, which takes `--protocol=N SERVICE PATH`.
    case bridge([String])
    /// git itself, with `GIT_PROTOCOL` in its environment.
    case plainGit

    /// One line for sshd, which hands it to a login shell or a forced command.
    func line(_ call: ServiceCall) -> String {
        let path = ShellWords.quote(call.path)
        switch self {
        case .plainGit: return "\(call.program ?? call.service.rawValue) \(path)"
        case .bridge(let words):
            let program = (words + ["--protocol=\(call.version)"]).map(Self.word)
            let service = Self.word(call.program ?? call.service.rawValue)
            return (program + [service, path]).joined(separator: " ")
        }
    }

    /// An argument vector for a carrier that runs one.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if `--upload-pack` holds more than plain words.
    func arguments(_ call: ServiceCall) throws(Failure) -> [String] {
        switch self {
        case .bridge(let words):
            return words + [
                "--protocol=\(call.version)", call.program ?? call.service.rawValue, call.path,
            ]
        case .plainGit:
            let environment =
                call.version > 0 ? ["env", "GIT_PROTOCOL=version=\(call.version)"] : []
            guard let program = call.program else {
                return environment + ["git", call.service.subcommand, call.path]
            }
            guard let words = ShellWords.split(program), !words.isEmpty else {
                throw Failure(
                    .configuration, "cannot run \"\(program)\" over there",
                    hint: "give --upload-pack plain words: no shell runs it")
            }
            return environment + words + [call.path]
        }
    }

    private static func word(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return scalar.properties.isAlphabetic && byte < 0x80
                || (0x30...0x39).contains(byte) || "-_./=:,@+%".utf8.contains(byte)
        }
        return plain && !text.isEmpty ? text : ShellWords.quote(text)
    }
}

extension Service {
    /// `upload-pack`, as in `git upload-pack`.
    var subcommand: String { String(rawValue.dropFirst("git-".count)) }
}
