// git's remote-helper protocol on our standard input and output: answer what we can, connect, relay.
//
// git starts one helper for each URL and talks to it line by line until `connect`; an empty line from
// us then hands both descriptors over to the service in the pod.

import Model
import POSIX
import PackProtocol
import Transport

/// One run of `git-remote-pod REMOTE URL`.
public final class RemoteHelper: Caller {
    private let address: String
    private let environment: Environment
    private let input: Int32
    private let output: Int32
    private let complain: (String) -> Void
    private let source: PassphraseSource
    private var options = HelperOptions()

    /// `complain` prints one line for the user.
    public init(
        address: String, environment: Environment, input: Int32, output: Int32,
        complain: @escaping (String) -> Void
    ) {
        self.address = address
        self.environment = environment
        self.input = input
        self.output = output
        self.complain = complain
        source = PassphraseSource(environment: environment)
    }

    /// Answers git until it is done.
    ///
    /// - Throws: ``Failure``; git itself then ends with 128.
    public func run() throws(Failure) {
        let parsed = try PodAddress(address)
        while let line = try readLine() {
            switch HelperLine(line) {
            case .capabilities: writeAll("connect\noption\n\n", to: output)
            case .option(let name, let value):
                writeAll(options.set(name, to: value) + "\n", to: output)
            case .connect(let service): return try connect(service, to: parsed)
            case .end: return
            case .unknown(let line):
                throw Failure(
                    .failed, "git asked for \"\(line.prefix(100))\", which is not offered",
                    hint: "use git fetch, clone or ls-remote")
            }
        }
    }

    private func connect(_ name: String, to address: PodAddress) throws(Failure) {
        if name == "git-receive-pack" {
            throw Failure(
                .refused, "a pod is fetched from, never pushed to",
                hint: "push to origin; the pod takes it from there")
        }
        guard let service = Service(rawValue: name) else {
            throw Failure(
                .refused, "a pod does not serve \"\(name.prefix(100))\"",
                hint: "use git fetch, clone, ls-remote or archive --remote")
        }
        let configuration = try GitConfiguration.read(until: .after(.seconds(10)))
        let connector = PodConnector(
            configuration: configuration, environment: environment, caller: self)
        let pod = try connector.open(
            address, service: service, program: options.servicePath, near: output)
        writeAll("\n", to: output)
        if let warning = try pod.relay(input: input, output: output) { warn(warning) }
    }

    /// One line of git's, read byte by byte: what follows `connect` is not ours to read ahead.
    private func readLine() throws(Failure) -> String? {
        var line: [UInt8] = []
        let byte = ByteBuffer(capacity: 1)
        while true {
            switch try read(input, into: byte) {
            case .bytes:
                let value = byte.takeAll()
                if value == [UInt8(ascii: "\n")] { return String(decoding: line, as: UTF8.self) }
                line += value
            case .wouldBlock: _ = try wait(for: input, reading: true, until: .never)
            case .end: return nil
            }
            guard line.count <= HelperLine.maximumLength else {
                throw Failure(.failed, "git sent a line of more than \(line.count - 1) bytes")
            }
        }
    }

    // MARK: Caller

    public func note(_ line: String) {
        if options.verbosity > 1 { complain(line.harmless) }
    }

    public func warn(_ line: String) {
        if options.verbosity > 0 { complain(line.harmless) }
    }

    public var canAsk: Bool { source.canAsk }

    public func passphrase(for keyFile: String, again: Bool) -> String? {
        if again { complain("that was not the passphrase of \(keyFile.harmless)") }
        return source.ask("Enter passphrase for key '\(keyFile.harmless)': ")
    }
}
