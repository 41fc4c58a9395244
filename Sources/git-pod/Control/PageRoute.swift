// The status page: the engine's figures, or a first clone's, handed to ControlAPI, which draws them.

import ControlAPI
import Engine
import EngineCore
import Git
import Model
import POSIX

/// Entries of the log that a page shows.
private let eventsOnPage = 12

let pageRoute = APIRoute(
    ControlRoute(.get, "/"), "The status page, for people",
    [
        APIRoute.Outcome(
            status: 200, about: "How it stands, as a page that keeps itself up to date",
            content: [("text/html", nil)])
    ]
) { _, desk, reply in
    desk.engine.overview(branches: branchesOnPage) { overview in
        let status = desk.listening.adding(to: overview.status.json)
        var page = PageContent(
            status: status, time: clock(), gitdir: overview.gitdir, origin: overview.origin)
        page.take(overview)
        page.events = desk.events.last(eventsOnPage)
        reply(.page(page))
    }
}

/// The page while there is no repository.
func page(_ desk: BootDesk, _ reply: @escaping ControlReply) {
    desk.boot.status { status in
        var page = PageContent(
            status: desk.listening.adding(to: status.json), time: clock(),
            gitdir: status.directory, origin: status.origin)
        page.events = desk.events.last(eventsOnPage)
        reply(.page(page))
    }
}

private func clock() -> UTCTime { UTCTime(millisecondsSince1970: wallClockMilliseconds()) }

extension PageContent {
    fileprivate mutating func take(_ overview: Overview) {
        for line in overview.lines {
            lines[line.branch] = line.commits.map { Commit($0.commit, Commit.Place($0.place)) }
        }
        lag = overview.lag.map {
            LagPoint(secondsAgo: Int($0.age.components.seconds), commits: $0.commits)
        }
        conflictCount = overview.conflictCount
        conflicts = overview.conflicts.map { conflict in
            ConflictBranch(
                name: conflict.name,
                tip: Commit(conflict.tip, conflict.isOnOrigin ? .saved : .here),
                isOnOrigin: conflict.isOnOrigin)
        }
    }
}

extension PageContent.Commit {
    fileprivate init(_ commit: CommitGlance, _ place: Place) {
        self.init(id: commit.id.short, subject: commit.subject, time: commit.time, place: place)
    }
}

extension PageContent.Commit.Place {
    fileprivate init(_ place: CommitLine.Place) {
        self =
            switch place {
            case .here: .here
            case .saved: .saved
            case .durable: .durable
            case .origin: .origin
            }
    }
}
