// What is on disk before a branch moves, and when a reconcile is over: the system calls are watched, for
// nothing else shows what a power cut would leave.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What a reconcile has on disk")
struct SyncTests {
    /// What a reconcile's calls leave to be written, one call after the other.
    private struct Disk {
        let gitdir: String
        var synced: Set<String> = []
        /// Folders with names that may not be on disk.
        var dirty: Set<String> = []
        /// What was named before it was on disk.
        var early: [String] = []
        /// What was not on disk when the branch moved.
        var missing: Set<String> = []
        var hasMoved = false

        mutating func take(_ line: Substring) {
            guard line.hasSuffix(" = 0"), let open = line.firstIndex(of: "(") else { return }
            let name = line[..<open].split(separator: " ").last ?? ""
            let arguments = line[open...]
            let quoted = arguments.split(separator: "\"", omittingEmptySubsequences: false)
                .enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
            switch name {
            case "fsync", "fdatasync":
                let path = arguments.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
                synced.insert(String(path))
                dirty.remove(String(path))
            case "rename", "link": if quoted.count == 2 { put(quoted[0], at: quoted[1]) }
            case "renameat":
                // A pack that git has made, and synced, moves from one folder to another.
                let folders = arguments.split(separator: "<").dropFirst().map {
                    String($0.prefix { $0 != ">" })
                }
                if folders.count == 2 { dirty.insert(folders[1]) }
            case "mkdir":
                if let path = quoted.first, isKept(path) { dirty.insert(path.parentFolder) }
            default: return
            }
        }

        private func isKept(_ path: String) -> Bool {
            path.hasPrefix(gitdir + "/")
                && !["git-pod-scratch-", "git-pod-unready-"].contains { path.contains($0) }
        }

        private mutating func put(_ old: String, at new: String) {
            guard isKept(new) else { return }
            if new == "\(gitdir)/refs/heads/main" {
                hasMoved = true
                missing.formUnion(dirty)
            }
            if !synced.contains(old) { early.append(new) }
            dirty.insert(new.parentFolder)
        }
    }

    @Test(
        "is all that the branch's new tip needs before it moves, and the rest at the end",
        arguments: [
            KillTests.Situation.behind, .diverged, .conflict, .rewritten,
        ])
    func synced(situation: KillTests.Situation) throws {
        let scene = try situation.make()
        var disk = Disk(gitdir: realPath(scene.gitdir) ?? scene.gitdir)
        for line in try scene.syncs() { disk.take(line) }
        #expect(disk.hasMoved)
        #expect(disk.early.isEmpty, "named before it was on disk")
        #expect(disk.missing.isEmpty, "not on disk when the branch moved")
        #expect(disk.dirty.isEmpty, "not on disk at the end")
        #expect(disk.synced.contains { $0.hasPrefix("\(disk.gitdir)/objects/pack") })
    }
}
