// The control API of an engine on TCP, asked as anybody would ask it.

import Model
import POSIX
import TestSupport

/// An engine that listens on ports of the system's choice.
final class ServedAPI {
    let scene: Scene
    let engine: Serving
    let port: UInt16
    let publicPort: UInt16
    let secret = "a secret, not for logs"
    let secretFile: String

    init(_ scene: Scene, flags: [String] = [], access: [String]? = nil, hasSecret: Bool = true)
        throws
    {
        self.scene = scene
        secretFile = scene.origin.pod.folder.file("webhook-secret.\(SeededNumbers.unique)")
        try writeFile(secretFile, secret + "\n", mode: 0o600)
        let secrets = hasSecret ? ["--webhook-secret-file", secretFile] : []
        engine = try Serving(
            scene,
            flags: ["--listen", "127.0.0.1:0", "--listen-public", "127.0.0.1:0"] + secrets + flags,
            access: access)
        port = try engine.port()
        publicPort = try engine.port(isPublic: true)
    }

    func get(_ path: String, headers: [String] = []) throws -> HTTPAnswer {
        try http("GET", path, port: port, headers: headers)
    }

    func post(_ path: String, headers: [String] = [], body: String = "") throws -> HTTPAnswer {
        try http("POST", path, port: port, headers: headers, body: body)
    }

    /// A value of `/metrics`; nil if there is none of this name and these labels.
    func metric(_ name: String) throws -> Double? {
        let lines = try get("/metrics").body.split(separator: "\n")
        return lines.first { $0.hasPrefix(name + " ") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    /// What reconciles it has said.
    var reconciles: Int { engine.said("reconcile").filter { $0["report"] != nil }.count }
}

extension Serving {
    /// The port that it says it listens on.
    func port(isPublic: Bool = false) throws -> UInt16 {
        func entry() -> JSON? {
            said("listening").first {
                $0["public"]?.bool == isPublic && $0["address"]?.string != nil
            }
        }
        guard eventually({ entry() != nil || !isRunning }),
            let address = entry()?["address"]?.string,
            let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw Failure(.failed, "it does not listen: \(words)") }
        return port
    }
}
