// `git pod clone`: a new bare gitdir from origin, in place when it is whole.

import Engine
import Git
import Model
import POSIX

let cloneVerb = Verb(
    name: "clone", summary: "make a bare gitdir from origin, in place when it is whole",
    help: cloneHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "clone", settings: cloneSettings, switches: ["--progress"])
    let words = line.words + line.command
    guard words.count == 2 else {
        throw Failure(
            .configuration, "give a URL and a folder", hint: "see git pod clone -h")
    }
    let shows = line.switches.contains("--progress") || isTerminal(2)
    let meter = ProgressMeter(asJSON: line.wantsJSON, isShown: shows)
    let clone = try Clone(
        of: words[0], into: words[1], flags: line.flags, environment: .current(),
        progress: { meter.show($0) })
    defer { meter.end() }
    let report = try clone.run()
    meter.end()
    if line.wantsJSON {
        try printLine(report.json.text)
    } else {
        let tip = report.commit.map { " at \($0.short)" } ?? ", which has no commit yet"
        try printLine("\(report.directory) has \(report.branch)\(tip)".harmless)
    }
    return .done
}

/// Progress on standard error: a line that is written over on a terminal, or a JSON value a line.
private final class ProgressMeter: Sendable {
    /// How often it is drawn anew.
    private static let interval = Duration.milliseconds(200)

    private let asJSON: Bool
    private let isShown: Bool
    private let state = Locked((next: Deadline.after(.zero), isOpen: false))

    init(asJSON: Bool, isShown: Bool) {
        self.asJSON = asJSON
        self.isShown = isShown
    }

    func show(_ progress: OriginProgress) {
        guard isShown else { return }
        let isLast = progress.total > 0 && progress.done == progress.total
        let isDue = state.with { state in
            guard state.next.hasPassed || isLast else { return false }
            state.next = .after(Self.interval)
            state.isOpen = !asJSON
            return true
        }
        guard isDue else { return }
        writeAll(asJSON ? Self.json(progress).text + "\n" : Self.line(progress), to: 2)
    }

    /// Ends the line that is written over.
    func end() {
        let wasOpen = state.with { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        if wasOpen { writeAll("\n", to: 2) }
    }

    private static func json(_ progress: OriginProgress) -> JSON {
        .object([
            ("phase", .string(progress.stage.rawValue)), ("objects", .integer(progress.done)),
            ("totalObjects", .integer(progress.total)), ("bytes", .integer(progress.bytes)),
        ])
    }

    private static func line(_ progress: OriginProgress) -> String {
        let width = 24
        let part = progress.total > 0 ? progress.done * width / progress.total : 0
        let bar =
            String(repeating: "#", count: min(part, width))
            + String(repeating: ".", count: max(0, width - part))
        let bytes = progress.bytes > 0 ? ", \(progress.bytes >> 10) KiB" : ""
        return "\r\(progress.stage.rawValue) [\(bar)] \(progress.done)/\(progress.total)\(bytes)   "
    }
}

private let cloneSettings =
    originSettingNames.filter { $0 != "origin" } + ["minFree", "expectedSize"]

private let cloneHelp = """
    usage: git pod clone URL DIR [--branch B] [OPTIONS]

    Makes the bare gitdir DIR from origin's branch B. It grows beside DIR, or inside
    it where DIR is there already (a volume), and comes into place when it is whole.
    A DIR that holds anything else is refused, never wiped.

      --progress   show progress also where standard error is no terminal
      --json       print one JSON value; progress is one a line, on standard error
    \(settingsHelp(cloneSettings))
    """
