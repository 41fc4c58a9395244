// What a client asked for, in short, for the bridge's audit line. Reads the client's side only.

/// A bounded record of a client's requests to upload-pack (v0, v1, v2) or upload-archive.
///
/// Give it every byte from the client, in pieces cut anywhere. All texts are as the client sent
/// them, with bytes that are not UTF-8 replaced; the caller makes them harmless.
public struct RequestRecorder: Sendable {
    /// How many object ids, ref names, commands and depth lines are kept.
    public static let maximumKept = 16
    /// How many of upload-archive's arguments are kept.
    public static let maximumArguments = 64
    /// Bytes kept of each text.
    public static let maximumTextLength = 1024

    private let service: Service
    private var parser = PacketLineParser(prefixLimit: maximumTextLength + 16)

    /// The number of `want` lines; v2 repeats them in each round of a negotiation.
    public private(set) var wantCount = 0
    /// The first different object ids asked for.
    public private(set) var wants: [String] = []
    /// Refs asked for by name (v2 `want-ref`).
    public private(set) var wantRefs: [String] = []
    /// `deepen…` lines as they came: "deepen 1", "deepen-since 1700000000", "deepen-relative".
    public private(set) var depth: [String] = []
    /// The last `filter` asked for: "blob:none".
    public private(set) var filter: String?
    /// The v2 commands, each once, in the order of their first use: "ls-refs", "fetch".
    public private(set) var commands: [String] = []
    /// upload-archive's arguments, in order.
    public private(set) var arguments: [String] = []
    /// Whether the client sent something that is no packet; nothing is recorded after it.
    public private(set) var isMalformed = false

    public init(service: Service) { self.service = service }

    /// These bytes went from the client to the service.
    public mutating func sending(_ bytes: RawSpan) {
        var offset = 0
        do {
            while let packet = try parser.next(in: bytes, from: &offset) {
                if case .data = packet { note(parser.prefix.line) }
            }
        } catch {
            isMalformed = true
        }
    }

    private mutating func note(_ line: ArraySlice<UInt8>) {
        if service == .uploadArchive {
            guard let argument = line.text(after: "argument ") else { return }
            Self.keep(argument, in: &arguments, limit: Self.maximumArguments)
        } else if let want = line.text(after: "want ") {
            wantCount += 1
            let id = String(want.prefix { $0 != " " })
            if !wants.contains(id) { Self.keep(id, in: &wants) }
        } else if let name = line.text(after: "want-ref ") {
            if !wantRefs.contains(name) { Self.keep(name, in: &wantRefs) }
        } else if let name = line.text(after: "command=") {
            if !commands.contains(name) { Self.keep(name, in: &commands) }
        } else if let text = line.text(after: "filter ") {
            filter = text
        } else if let rest = line.text(after: "deepen") {
            if !depth.contains("deepen" + rest) { Self.keep("deepen" + rest, in: &depth) }
        }
    }

    private static func keep(
        _ text: String, in list: inout [String], limit: Int = maximumKept
    ) {
        if list.count < limit { list.append(text) }
    }
}

extension ArraySlice<UInt8> {
    /// What follows `word`, bounded; nil if this does not begin with it.
    fileprivate func text(after word: String) -> String? {
        guard starts(with: word.utf8) else { return nil }
        let rest = dropFirst(word.utf8.count).prefix(RequestRecorder.maximumTextLength)
        return String(decoding: rest, as: UTF8.self)
    }
}
