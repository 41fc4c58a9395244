// That operations which follow each other share an SSH connection, and do as well without.

import Git
import Model
import TestSupport
import Testing
import Transport

@Suite("A connection to origin")
struct SharedConnectionTests {
    @Test("serves a fetch, further questions and a push")
    func isShared() throws {
        let work = try OriginAtWork(.ssh)
        let origin = work.origin
        #expect(try origin.hasBranches())
        #expect(try origin.defaultBranch() == OriginAtWork.main)
        #expect(try origin.fetch(branch: OriginAtWork.main).count == 1)
        #expect(try push(origin, work) == .done)
        #expect(try work.theirs() == work.own())
        #expect(work.logins == 1)
    }

    @Test("need not serve more than one of them", arguments: SSHBackend.allCases)
    func oneService(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh, sshd: ["MaxSessions 1"])
        work.settings.sshBackend = backend
        let origin = work.origin
        for _ in 0..<3 {
            #expect(try origin.fetch(branch: OriginAtWork.main).count == 1)
        }
        #expect(try push(origin, work) == .done)
        #expect(try work.theirs() == work.own())
    }

    @Test("may be cut off before the next of them")
    func cut() throws {
        let work = try OriginAtWork(.ssh)
        let origin = work.origin
        for _ in 0..<2 {
            #expect(try origin.fetch(branch: OriginAtWork.main).count == 1)
            work.sessions.forEach(Processes.end)
            #expect(eventually { work.sessions.isEmpty })
        }
        #expect(try push(origin, work) == .done)
        #expect(try work.theirs() == work.own())
        #expect(work.logins == 3)
    }

    @Test("ends with whoever asked for it")
    func ends() throws {
        let work = try OriginAtWork(.ssh)
        _ = try work.origin.fetch(branch: OriginAtWork.main)
        #expect(eventually { work.sessions.isEmpty })
    }

    private func push(_ origin: Origin, _ work: OriginAtWork) throws -> PushResult? {
        try origin.push([work.ahead()])[OriginAtWork.main]
    }
}
