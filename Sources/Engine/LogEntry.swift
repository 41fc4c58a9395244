// What the push service tells its log: one entry a line, as text or as JSON.

import Model

/// How the log is written.
public enum LogFormat: String, Sendable, CaseIterable { case text, json }

/// One line of the log.
public struct LogEntry: Sendable {
    /// How much somebody should care, in the order of rising importance.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        public static func < (left: Level, right: Level) -> Bool {
            let all = Level.allCases
            return (all.firstIndex(of: left) ?? 0) < (all.firstIndex(of: right) ?? 0)
        }
    }

    public let level: Level
    /// What happened, in one word: `push`, `retry`, `error`, `saved`, `stopped`, `reconcile`, …
    public let event: String
    public let text: String
    public let members: [(name: String, value: JSON)]

    public init(
        _ level: Level, _ event: String, _ text: String,
        _ members: [(name: String, value: JSON)] = []
    ) {
        self.level = level
        self.event = event
        self.text = text.harmless
        self.members = members
    }

    /// One line without its end, with the time that it was written.
    public func line(at time: UTCTime, as format: LogFormat) -> String {
        switch format {
        case .text: "\(time.rfc3339) \(level.rawValue) \(event): \(text)"
        case .json: json(at: time).text
        }
    }

    /// As the log in JSON has it.
    public func json(at time: UTCTime) -> JSON {
        .object(
            [
                ("time", .string(time.rfc3339)), ("level", .string(level.rawValue)),
                ("event", .string(event)), ("message", .string(text)),
            ] + members)
    }
}
