// An origin that git itself reaches: a path of this machine, or HTTP. `git` children work in a
// scratch repository, so that nothing the gitdir's config or hooks name is read. What they push, over
// HTTP alone, is in WebPush.swift.

import Model
import POSIX

/// Operations by git children.
struct ChildOrigin: OriginWay {
    let origin: Origin
    var url: String { access.url }
    private var settings: OriginSettings { origin.settings }
    private let access: GitAccess

    init(_ origin: Origin) throws(OriginFailure) {
        self.origin = origin
        access = try GitAccess(origin)
    }

    func fetch(
        _ names: [RefName], haves: [ObjectID], offering: Set<ObjectID>
    ) throws(OriginFailure) -> [RefName: ObjectID] {
        let scratch = try scratch(haves)
        let incoming: IncomingObjects
        do throws(Failure) { incoming = try IncomingObjects(for: origin.repository) } catch {
            throw origin.ownTrouble(error)
        }
        var wanted = names
        // A name that origin has not ends the whole fetch: then it is asked which it has. Somebody
        // may delete one meanwhile, so this is done a few times.
        for _ in 0..<Self.attempts {
            let outcome = try fetchOnce(wanted, offering, scratch, incoming)
            if outcome.status.isSuccess {
                if let tips = try fetched(wanted, scratch) {
                    try incoming.takeIn(origin)
                    return tips
                }
            } else if !outcome.words.lines.contains(where: {
                $0.contains("couldn't find remote ref")
            }) {
                throw failure(outcome, "fetch from it")
            }
            let there = try listed(names.map(\.description), scratch, names.contains)
            wanted = names.filter { there[$0] != nil }
            if wanted.isEmpty { return [:] }
        }
        throw OriginFailure(.unknown, "the refs of \(origin.name) do not stand still")
    }

    private static let attempts = 3
    /// Of git's own note of what it has fetched.
    private static let fetchHeadLimit = 64 << 20

    func tips(_ names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID] {
        try listed(names.map(\.description), scratch([]), names.contains)
    }

    func defaultBranch() throws(OriginFailure) -> RefName? {
        let outcome = try git(["ls-remote", "--symref", "--", url, "HEAD"], scratch([]))
        guard outcome.status.isSuccess else { throw failure(outcome, "look at it") }
        for line in outcome.lines where line.hasPrefix("ref: ") {
            let parts = line.dropFirst("ref: ".count).split(separator: "\t")
            if parts.count == 2, parts[1] == "HEAD" { return RefName(String(parts[0])) }
        }
        return nil
    }

    func refs(under prefix: String) throws(OriginFailure) -> [RefName: ObjectID] {
        try listed(["\(prefix)*"], scratch([])) { $0.description.hasPrefix(prefix) }
    }

    // MARK: steps

    private func fetchOnce(
        _ names: [RefName], _ offering: Set<ObjectID>, _ scratch: ScratchRepository,
        _ incoming: IncomingObjects
    ) throws(OriginFailure) -> GitOutcome {
        let specs = names.enumerated().map { "+\($1):\(Self.landing)\($0)" }
        return try git(
            [
                "fetch", "--progress", "--no-tags",
                "--no-auto-maintenance", "--no-recurse-submodules", "--no-prune",
            ] + offering.map { "--negotiation-tip=\($0)" }.sorted() + ["--", url] + specs, scratch,
            writing: incoming.path)
    }

    /// Where a fetch's tips land in the scratch repository.
    private static let landing = "refs/fetched/"

    /// Nil if git has taken another ref for one of these: where origin has no `refs/heads/B`, it is
    /// content with `refs/heads/refs/heads/B`, or a tag of that name (gitrevisions(7)).
    private func fetched(_ names: [RefName], _ scratch: ScratchRepository)
        throws(OriginFailure) -> [RefName: ObjectID]?
    {
        var tips: [RefName: ObjectID] = [:]
        let taken: [Substring]
        do throws(Failure) {
            let head = try readFile("\(scratch.path)/FETCH_HEAD", limit: Self.fetchHeadLimit)
            taken = String(decoding: head, as: UTF8.self).split(separator: "\n").map {
                $0.split(separator: "\t").last ?? ""
            }
        } catch { throw OriginFailure(.unknown, error) }
        if taken.isEmpty { try explainNothing(names, scratch) }
        for name in names {
            let said = (name.branch.map { "branch '\($0)'" } ?? "'\(name)'") + " of "
            guard taken.contains(where: { $0.hasPrefix(said) }) else { return nil }
        }
        for (index, name) in names.enumerated() {
            let content: [UInt8]
            let landed = "\(scratch.path)/\(Self.landing)\(index)"
            // git ends well, and says on the way that it refuses the ref.
            guard exists(landed) else {
                throw OriginFailure(
                    .unknown, "git does not take \(name) from \(self.origin.name)",
                    hint: "origin has to be a whole SHA-1 repository, and no shallow clone")
            }
            do throws(Failure) { content = try readFile(landed, limit: 4096) } catch {
                throw OriginFailure(.unknown, error)
            }
            let text = String(decoding: content.prefix(2 * ObjectID.size), as: UTF8.self)
            guard let id = ObjectID(text) else {
                throw OriginFailure(.unknown, "git fetched \(name) to no object id")
            }
            tips[name] = id
        }
        return tips
    }

    /// git ends well, and has taken nothing: there was no room to write that down, or it refuses them.
    private func explainNothing(_ names: [RefName], _ scratch: ScratchRepository)
        throws(OriginFailure)
    {
        let free = (try? freeSpace(at: scratch.path).bytes) ?? .max
        guard free > Self.fetchHeadRoom else {
            throw origin.ownTrouble(
                .diskFull, "\(origin.name): no space left beside \(scratch.path)")
        }
        guard let name = names.first else { return }
        throw OriginFailure(
            .unknown, "git does not take \(name) from \(origin.name)",
            hint: "origin has to be a whole SHA-1 repository, and no shallow clone")
    }

    /// What its note of a fetch takes, and more.
    private static let fetchHeadRoom: Int64 = 64 << 10

    private func listed(
        _ patterns: [String], _ scratch: ScratchRepository, _ isMeant: (RefName) -> Bool
    ) throws(OriginFailure) -> [RefName: ObjectID] {
        let outcome = try git(["ls-remote", "--refs", "--", url] + patterns, scratch)
        guard outcome.status.isSuccess else { throw failure(outcome, "look at it") }
        var found: [RefName: ObjectID] = [:]
        for line in outcome.lines {
            let parts = line.split(separator: "\t")
            guard parts.count == 2, let id = ObjectID(parts[0]),
                let name = RefName(String(parts[1])), isMeant(name)
            else { continue }
            found[name] = id
        }
        return found
    }

    func scratch(_ tips: [ObjectID]) throws(OriginFailure) -> ScratchRepository {
        do throws(Failure) {
            return try ScratchRepository(
                beside: origin.repository, tips: tips,
                configuration: settings.configurationIsTrusted ? .userAndGitdir : .user)
        } catch { throw origin.ownTrouble(error) }
    }

    func git(
        _ arguments: [String], _ scratch: ScratchRepository, writing incoming: String? = nil
    ) throws(OriginFailure) -> GitOutcome {
        let environment = scratch.environment(
            writing: incoming,
            settings: [
                // What was fetched is on disk before it is spoken of, as one pack.
                ("core.fsync", "committed"), ("fetch.unpackLimit", "1"),
                ("transfer.unpackLimit", "1"), ("maintenance.auto", "false"),
                ("protocol.allow", "never"),
            ] + access.settings, adding: access.environment, of: settings.environment)
        return try GitChild(origin, access).run(arguments, environment: environment)
    }

    func failure(_ outcome: GitOutcome, _ what: String) -> OriginFailure {
        let words = outcome.words
        if let refusal = origin.askedByAnother(words) { return refusal }
        if let line = words.line(naming: origin.repository.path) {
            return origin.ownTrouble(
                words.reason?.0, "\(origin.name): cannot \(what): \(line)")
        }
        let (reason, line) = words.reason ?? (.unknown, words.telling ?? "\(outcome.status)")
        if case .path(let path) = settings.url.way, line.contains("detected dubious ownership") {
            return OriginFailure(
                reason, "\(origin.name): cannot \(what): it belongs to another user",
                hint: "say that you trust it: git config --global --add safe.directory \(path)")
        }
        if line.contains("mismatched algorithms") {
            return OriginFailure(
                reason, "\(origin.name) is a SHA-256 repository",
                hint: "origin has to be a whole SHA-1 repository")
        }
        return OriginFailure(
            reason, "\(origin.name): cannot \(what): \(line)",
            hint: reason.hint ?? "see what git fsck says there")
    }
}

extension Origin {
    /// That another server than origin's asked who we are: origin has redirected us there.
    fileprivate func askedByAnother(_ words: OriginWords) -> OriginFailure? {
        let question = "could not read Username for '"
        guard let server = settings.url.server,
            let line = words.lines.first(where: { $0.contains(question) }),
            let start = line.firstRange(of: question)?.upperBound
        else { return nil }
        let other = OriginURL.server(of: String(line[start...].prefix { $0 != "'" }))
        guard other != server else { return nil }
        return OriginFailure(
            .authentication, "\(name) redirects to \(other), which is not given its token",
            hint: "if origin has moved there, say so in its URL")
    }
}
