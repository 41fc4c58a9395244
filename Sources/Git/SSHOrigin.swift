// An origin reached by SSH: libgit2's smart protocol over our own SSH.

import CLibgit2
import Model
import POSIX
import Transport

/// Operations over SSH. libgit2 works in a scratch repository that borrows our objects: it sees
/// neither the gitdir's config nor any ref that it might stumble over.
struct SSHOrigin: OriginWay {
    private let origin: Origin
    private var settings: OriginSettings { origin.settings }

    init(_ origin: Origin) { self.origin = origin }

    // libgit2 offers what its repository has refs on, and no more than 256 commits of it.
    func fetch(
        _ names: [RefName], haves: [ObjectID], offering: Set<ObjectID>
    ) throws(OriginFailure) -> [RefName: ObjectID] {
        let names = Set(names)
        var isCut = false
        let found = try connected(tips: haves) { talk throws(OriginFailure) in
            let found = try talk.heads().filter { names.contains($0.key) }
            guard !found.isEmpty else { return found }
            // What somebody else has put here, and no ref of ours stands for, is not brought again.
            let here = Set(found.values).subtracting(haves).filter(origin.repository.hasCommit)
            try talk.download(found.keys.sorted())
            isCut = !here.allSatisfy { isWhole($0, haves) }
            return found
        }
        return isCut ? try fetchWhole(names) : found
    }

    /// All of them: some lie here without all that they lead to, as a `git gc` that was ended leaves it.
    private func fetchWhole(_ names: Set<RefName>) throws(OriginFailure) -> [RefName: ObjectID] {
        try connected { talk throws(OriginFailure) in
            let found = try talk.heads().filter { names.contains($0.key) }
            try talk.download(found.keys.sorted(), borrowing: false)
            return found
        }
    }

    private func isWhole(_ tip: ObjectID, _ haves: [ObjectID]) -> Bool {
        (try? origin.repository.checkPresent(tip, hiding: haves)) != nil
    }

    func tips(_ names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID] {
        let names = Set(names)
        return try connected { talk throws(OriginFailure) in
            try talk.heads().filter { names.contains($0.key) }
        }
    }

    func defaultBranch() throws(OriginFailure) -> RefName? {
        try connected { talk throws(OriginFailure) in
            try talk.defaultBranch()
        }
    }

    func refs(under prefix: String) throws(OriginFailure) -> [RefName: ObjectID] {
        try connected { talk throws(OriginFailure) in
            try talk.heads().filter { $0.key.description.hasPrefix(prefix) }
        }
    }

    /// Connects, lets `body` talk, and leaves the connection to what comes next.
    private func connected<Result>(
        tips: [ObjectID] = [], _ body: (SmartTalk) throws(OriginFailure) -> Result
    ) throws(OriginFailure) -> Result {
        var line: SSHLine?
        let conversation = SmartConversation(settings) { () throws(OriginFailure) in
            // A server may give but one service to a connection, or have cut this one off.
            if let rested = origin.takeRested(), let service = try? rested.start(.uploadPack) {
                line = rested
                return service
            }
            let made = SSHLine(origin)
            line = made
            return try made.start(.uploadPack)
        }
        let result = try talking(over: conversation, tips, body)
        if let line { origin.rest(line) }
        return result
    }

    private func talking<Result>(
        over conversation: SmartConversation, _ tips: [ObjectID],
        _ body: (SmartTalk) throws(OriginFailure) -> Result
    ) throws(OriginFailure) -> Result {
        let talk = try SmartTalk(origin, conversation, tips: tips)
        defer { talk.close() }
        try talk.connect()
        return try body(talk)
    }
}
