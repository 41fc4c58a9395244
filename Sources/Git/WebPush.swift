// Pushes over HTTP: `git push` children, which know the user's proxies and certificate authorities.

import Model
import POSIX

/// A push by a git child.
struct WebPush {
    private let children: ChildOrigin
    private var origin: Origin { children.origin }

    init(_ origin: Origin) throws(OriginFailure) { children = try ChildOrigin(origin) }

    func push(_ updates: [RefUpdate]) throws(OriginFailure) -> [RefName: PushResult] {
        // The lease is compare-and-swap: that `new` descends from `old` was seen to before.
        let leases = updates.map { "--force-with-lease=\($0.name):\($0.old?.description ?? "")" }
        let specs = updates.map { "\($0.new):\($0.name)" }
        let outcome = try children.git(
            [
                "push", "--porcelain", "--progress", "--no-verify", "--no-follow-tags",
                "--no-recurse-submodules",
            ] + leases + ["--", children.url] + specs, children.scratch([]))
        var results: [RefName: PushResult] = [:]
        for line in outcome.lines {
            guard let (name, result) = report(line, outcome.words) else { continue }
            results[name] = result
        }
        for update in updates where results[update.name] == nil {
            guard !outcome.status.isSuccess else {
                results[update.name] = .refused(
                    .unknown, "git did not report on \(update.name)")
                continue
            }
            throw pushFailure(outcome)
        }
        return results
    }

    /// One line of `git push --porcelain`: flag, source and destination, summary; by tabs.
    private func report(_ line: Substring, _ words: OriginWords) -> (RefName, PushResult)? {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard parts.count == 3, let colon = parts[1].firstIndex(of: ":"),
            let name = RefName(String(parts[1][parts[1].index(after: colon)...]))
        else { return nil }
        switch parts[0] {
        case " ", "*", "=": return (name, .done)
        case "!":
            let summary = parts[2]
            let open = summary.lastIndex(of: "(")
            let status = open.map { summary[summary.index(after: $0)...].dropLast() } ?? summary
            return (name, origin.refusal(of: name, status: String(status), lines: words.lines))
        default:
            return (name, .refused(.unknown, "git reported \"\(line)\" of \(name)".harmless))
        }
    }

    /// Who is refused after it was let in to read may not write.
    private func pushFailure(_ outcome: GitOutcome) -> OriginFailure {
        let failure = children.failure(outcome, "push to it")
        guard failure.reason == .authentication, outcome.words.forbids else { return failure }
        return OriginFailure(
            .readOnlyKey, failure.failure.message, hint: PushFailureReason.readOnlyKey.hint)
    }
}
