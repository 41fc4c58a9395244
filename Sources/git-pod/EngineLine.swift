// What the engine's verbs share: `--repo DIR`, the engine's settings as flags, `--json`.

import Engine
import EngineCore
import Model
import POSIX

/// The arguments of an engine's verb, read.
struct EngineLine {
    private(set) var repository: String?
    /// Values by setting names.
    private(set) var flags: [String: String] = [:]
    private(set) var wantsJSON = false
    /// Options of the verb itself that stand alone, such as `--dry-run`.
    private(set) var switches: Set<String> = []
    private(set) var words: [String] = []
    /// What stands behind `--`.
    private(set) var command: [String] = []

    /// Options of the verb itself that have a value.
    private var values: [String: String] = [:]

    /// - Parameters:
    ///   - settings: the names of the engine's settings that the verb knows.
    ///   - switches: what it knows besides, standing alone.
    ///   - valued: what it knows besides, with a value.
    init(
        _ arguments: [String], verb: String, settings: [String], switches known: Set<String>,
        values valued: Set<String> = []
    ) throws(Failure) {
        try Settings.checkNames(.current())
        let end = arguments.firstIndex(of: "--")
        if let end { command = Array(arguments[(end + 1)...]) }
        var options = Options(Array(arguments[..<(end ?? arguments.endIndex)]))
        while !options.rest.isEmpty {
            guard let option = options.next() else {
                if let word = options.takeWord() { words.append(word) }
                continue
            }
            if option == "--repo", verb != "clone" {
                let value = try options.value(of: option)
                guard !value.isEmpty else {
                    throw Failure(.configuration, "\(option) needs a value")
                }
                repository = value
            } else if option == "--json", verb != "lock" {
                try options.flag(option)
                wantsJSON = true
            } else if known.contains(option) {
                try options.flag(option)
                switches.insert(option)
            } else if valued.contains(option) {
                values[option] = try options.value(of: option)
            } else if let setting = Setting.forFlag(option), settings.contains(setting.name) {
                let value = try options.value(of: option)
                if setting.name == "branch" { try Self.checkBranches(value) }
                let earlier = verb == "serve" && setting.name == "branch" ? flags["branch"] : nil
                flags[setting.name] = earlier.map { "\($0) \(value)" } ?? value
            } else {
                throw Options.unknown(option, verb: verb)
            }
        }
    }

    /// What no branch can be called is not asked for, wherever the verb would ask.
    private static func checkBranches(_ names: String) throws(Failure) {
        for name in names.split(separator: " ") where BranchPattern(String(name)) == nil {
            throw Failure(.configuration, "\"\(names.harmless)\" cannot be a branch's name")
        }
    }

    /// The time that one of the verb's own options gives; nil if it was not given.
    func duration(_ option: String) throws(Failure) -> Duration? {
        guard let text = values[option] else { return nil }
        guard let duration = Duration(configuration: text), duration > .zero else {
            throw Failure(
                .configuration, "\(option) \"\(text)\" is no duration",
                hint: "give \(Duration.configurationForm)")
        }
        return duration
    }

    /// The gitdir that is meant.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if nothing says which.
    func gitdir() throws(Failure) -> String {
        guard words.isEmpty else {
            throw Failure(
                .configuration, "\"\(words[0])\" is one word too many",
                hint: "name the gitdir with --repo DIR")
        }
        if let repository = repository ?? environmentVariable("GIT_POD_REPO") { return repository }
        throw Failure(.configuration, "say which gitdir with --repo DIR")
    }

    /// Opens the gitdir under its lock.
    func engine() throws(Failure) -> Engine {
        try Engine(
            path: gitdir(), flags: flags, environment: .current(), note: { complain($0) })
    }
}

/// The part of an engine verb's help that all have in common.
func settingsHelp(_ names: [String]) -> String {
    let settings = Setting.all.filter { names.contains($0.name) }
    let width = settings.map { $0.flag.count + $0.placeholder.count + 1 }.max() ?? 0
    return settings.map { setting in
        let left = "\(setting.flag) \(setting.placeholder)"
        let blanks = String(repeating: " ", count: width - left.count)
        let standard = setting.standard.map { " (\($0))" } ?? ""
        return "  \(left)\(blanks)  \(setting.summary)\(standard)"
    }.joined(separator: "\n")
}

/// The settings that have to do with reaching origin.
let originSettingNames = [
    "origin", "remote", "branch", "deployKey", "knownHosts", "strictHostKeyChecking",
    "sshBackend", "tokenFile", "connectTimeout", "idleTimeout",
]
