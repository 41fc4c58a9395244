// What git sets before it connects, and what we answer (gitremote-helpers(7), "OPTIONS").

/// The options that reach a `connect` helper.
public struct HelperOptions: Sendable, Equatable {
    /// 0 quiet, 1 as git starts us, 2 and more for each `-v`.
    public private(set) var verbosity = 1
    /// What `--upload-pack` names.
    public private(set) var servicePath: String?

    public init() {}

    /// Takes one option; returns the line to answer with.
    ///
    /// Progress is shown by git itself from the side-band, so `progress` needs nothing of us. The
    /// others (`depth`, `filter`, `cloning`, …) are for helpers that fetch themselves.
    public mutating func set(_ name: String, to value: String) -> String {
        switch name {
        case "verbosity":
            guard let level = Int(value), (-100...100).contains(level) else {
                return "error verbosity is a number"
            }
            verbosity = level
            return "ok"
        case "progress":
            return value == "true" || value == "false" ? "ok" : "error progress is true or false"
        case "servpath":
            guard let path = cUnquoted(value), !path.isEmpty else {
                return "error servpath is not quoted as git quotes"
            }
            servicePath = path
            return "ok"
        default: return "unsupported"
        }
    }
}
