// `git pod serve`: the engine as a process that stays: reconciles, then pushes whatever is committed.

import Engine
import EngineCore
import Model
import POSIX

let serveVerb = Verb(
    name: "serve", summary: "push what is committed to a gitdir, as it is committed",
    help: serveHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "serve", settings: serveSettings, switches: serveSwitches)
    let path = try line.gitdir()
    let settings = try Settings(
        flags: line.flags, environment: .current(),
        gitdir: Boot.isNeeded(at: path) ? nil : Engine.gitdir(at: path))
    try settings.check()
    if line.switches.contains("--print-config") {
        try printConfiguration(settings, asJSON: line.wantsJSON)
        return .done
    }
    guard !line.wantsJSON else {
        throw Failure(
            .configuration, "--json goes with --print-config",
            hint: "--log-format json writes the log as JSON")
    }
    let signals = try SignalWaker([Signals.hangUp, Signals.interrupt, Signals.terminate])
    let log = Log(
        format: try settings.logFormat(),
        least: line.switches.contains("--verbose")
            ? .debug : line.switches.contains("--quiet") ? .warning : .info)
    let serving = try Serving(line, settings, log: log.write)
    var code = ExitCode.done
    do throws(Failure) {
        let lacking = try serving.run(signals: signals)
        for watermark in lacking { log.complain(describe(watermark)) }
        if !lacking.isEmpty { code = .failed }
    } catch {
        log.complain(error.description)
        code = error.kind.exitCode
    }
    serving.stop()
    // Threads that wait for origin, for a hook or for a lock are not waited for: the next start goes on
    // from wherever they are.
    exit(with: code)
}

private let serveSwitches: Set<String> = ["--verbose", "--quiet", "--print-config"]

private func describe(_ watermark: Watermark) -> String {
    let tip = watermark.local?.description ?? "nothing"
    let there: String
    if watermark.lastHeard == nil {
        let last = watermark.seen.map { "; it had \($0) when that was last known" } ?? ""
        there = "what origin has of it is not known\(last)"
    } else {
        there =
            watermark.durable.map { "origin has it only up to \($0)" }
            ?? watermark.origin.map { "origin has another one, at \($0)" }
            ?? "origin has nothing of it"
    }
    return "\(watermark.name) is at \(tip), and \(there)"
}

private func printConfiguration(_ settings: Settings, asJSON: Bool) throws(Failure) {
    let rows = Setting.all.map { setting in
        let shown = settings.shown(setting.name)
        return (setting.name, shown?.text, shown?.source ?? "not set")
    }
    if asJSON {
        let members = rows.map { name, value, source in
            (
                name: name,
                value: JSON.object([
                    ("value", value.map { .string($0) } ?? .null), ("from", .string(source)),
                ])
            )
        }
        return try printLine(JSON.object(members).text)
    }
    let width = rows.map(\.0.count).max() ?? 0
    for (name, value, source) in rows {
        let blanks = String(repeating: " ", count: width - name.count)
        try printLine("\(name)\(blanks)  \(value?.harmless ?? "-")  (\(source.harmless))")
    }
}

/// Writes the log to standard error, a line an entry.
private struct Log: Sendable {
    let format: LogFormat
    let least: LogEntry.Level
    private let output = LineOutput(2)

    init(format: LogFormat, least: LogEntry.Level) {
        self.format = format
        self.least = least
    }

    func write(_ entry: LogEntry) {
        guard entry.level >= least else { return }
        output.write(line(entry)) { lost in
            line(LogEntry(.warning, "log", "\(lost) lines are lost here: nobody read them in time"))
        }
    }

    /// The last words, in every format as each verb has them.
    func complain(_ text: String) {
        output.write("git-pod: \(text)\n") { "git-pod: \($0) lines are lost here\n" }
    }

    private func line(_ entry: LogEntry) -> String {
        let time = UTCTime(millisecondsSince1970: wallClockMilliseconds())
        return entry.line(at: time, as: format) + "\n"
    }
}

private let serveSettings =
    originSettingNames + [
        "onDivergence", "onRewrite", "keepBefore", "saveStuck", "stuckAfter", "pushLogs",
        "autoReconcile",
        "retryFirst", "retryCap", "maxRetries", "warmFor", "originCheck", "recheck",
        "drainQuiet", "drainTimeout", "listen", "listenPublic", "webhookSecretFile", "logFormat",
        "hookTimeout", "lockTimeout", "trustOwner", "upkeepLoose", "upkeepPacks", "upkeepCheck",
        "checkout", "sparse", "checkoutOf", "checkoutGrace",
        "minFree", "expectedSize", "cloneRetryFirst", "cloneRetryCap", "cloneMaxRetries",
    ]

private let serveHelp = """
    usage: git pod serve --repo DIR [OPTIONS]

    Clones origin (--origin) if DIR is not there yet, or empty. Reconciles the branch
    with origin once, then watches it and sends every commit
    to origin as it comes, until a signal ends it. SIGTERM or SIGINT: sends what
    origin lacks and ends, with 1 and a list if something is left; a second one
    ends at once. SIGHUP: reads the configuration again and tries at once.

      --repo DIR      the bare gitdir; GIT_POD_REPO says it too
      --verbose       log each step
      --quiet         log warnings and errors only
      --print-config  print each setting and where it comes from, and end
      --json          print that as one JSON value
    \(settingsHelp(serveSettings))

    --branch may be given more than once, and may be a pattern: 'data/*'. Each of
    these can be set as GIT_POD_RETRY_CAP in the environment, or as pod.retryCap
    in git config. docs/push.md says what happens to a commit, docs/control-api.md
    what is served on the addresses that it listens on, and on git-pod.sock in the
    gitdir.
    """
