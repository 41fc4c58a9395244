// Looking at other processes: which there are, what they descend from, and ending those of a test.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension RunningCommand {
    /// Stops this git (`SIGSTOP`) and returns its remote helper; nil if it has none.
    public func stoppedHelper() -> pid_t? {
        child.signal(Signals.stop)
        return Processes.below(child.process).first {
            Processes.arguments(of: $0).first?.hasSuffix("git-remote-pod") == true
        }
    }
}

/// The processes of this machine, as `/proc` shows them.
public enum Processes {
    /// Every process below `ancestor`, nearest first.
    public static func below(_ ancestor: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for process in all { parent(of: process).map { children[$0, default: []].append(process) } }
        var found: [pid_t] = []
        var next = children[ancestor] ?? []
        while !next.isEmpty {
            found += next
            next = next.flatMap { children[$0] ?? [] }
        }
        return found
    }

    /// Processes whose arguments contain `text` somewhere; zombies have none.
    public static func withArgument(containing text: String) -> [pid_t] {
        all.filter { $0 != getpid() && arguments(of: $0).contains { $0.contains(text) } }
    }

    /// The argument vector of a process; empty if it is gone.
    public static func arguments(of process: pid_t) -> [String] {
        contents("/proc/\(process)/cmdline").split(separator: "\0").map(String.init)
    }

    /// Whether a process runs; a zombie does not.
    public static func isRunning(_ process: pid_t) -> Bool {
        guard let state = fields(of: process)?.first else { return false }
        return state != "Z" && state != "X"
    }

    /// Children of ours that have ended, and that nobody waited for.
    public static func zombies() -> [pid_t] {
        all.filter { parent(of: $0) == getpid() && fields(of: $0)?.first == "Z" }
    }

    /// Ends `process` for certain.
    public static func end(_ process: pid_t) { _ = kill(process, SIGKILL) }

    private static var all: [pid_t] { (directoryEntries("/proc") ?? []).compactMap { pid_t($0) } }

    private static func parent(of process: pid_t) -> pid_t? {
        fields(of: process)?.dropFirst().first.flatMap { pid_t($0) }
    }

    /// The fields of `/proc/PID/stat` that follow the name (proc(5)): state, parent, …
    private static func fields(of process: pid_t) -> [Substring]? {
        let stat = contents("/proc/\(process)/stat")
        guard let end = stat.lastIndex(of: ")") else { return nil }
        return stat[stat.index(after: end)...].split(separator: " ")
    }
}

/// The resident memory of a process (`VmRSS`); 0 if it is gone.
public func residentKilobytes(of process: pid_t) -> Int {
    let line = contents("/proc/\(process)/status").split(separator: "\n")
        .first { $0.hasPrefix("VmRSS:") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        .flatMap { Int($0) } ?? 0
}

/// How many descriptors a process has open.
public func openDescriptors(of process: pid_t) -> Int {
    directoryEntries("/proc/\(process)/fd")?.count ?? 0
}
