// Asking for a key's passphrase, as ssh(1) does: on the terminal, or by the program in SSH_ASKPASS.

import Model
import POSIX

/// Who can be asked for a passphrase.
public struct PassphraseSource: Sendable {
    private let askpass: String?
    private let usesTerminal: Bool

    /// `SSH_ASKPASS_REQUIRE` as ssh(1): `never`, `prefer`, `force`, or nothing. Without a terminal
    /// `SSH_ASKPASS` is asked whether or not there is a display.
    public init(environment: Environment) {
        let terminal = hasTerminal()
        switch environment["SSH_ASKPASS_REQUIRE"] {
        case "never": (askpass, usesTerminal) = (nil, terminal)
        case "prefer": (askpass, usesTerminal) = (environment["SSH_ASKPASS"], terminal)
        case "force": (askpass, usesTerminal) = (environment["SSH_ASKPASS"], false)
        default:
            usesTerminal = terminal
            askpass = terminal ? nil : environment["SSH_ASKPASS"]
        }
    }

    public var canAsk: Bool { askpass != nil || usesTerminal }

    /// What the user answered; nil for no answer. Waits as long as a person takes, but not for ever.
    public func ask(_ prompt: String) -> String? {
        if let askpass {
            let result = try? runToEnd([askpass, prompt], until: .after(.seconds(120)))
            guard let result, result.status.isSuccess else { return nil }
            let line = result.output.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            return String(decoding: line, as: UTF8.self)
        }
        return usesTerminal ? readSecretFromTerminal(prompt) : nil
    }
}
