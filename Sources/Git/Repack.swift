// Loose objects and small packs become one pack, by a `git repack` of low priority that ends with us. The
// engine's upkeep calls it.
//
// Nothing is thrown away, reachable or not: a writer may have written an object whose ref is still to come.
// Others may write all the while: what is removed is in a pack that stands by then.

import Model
import POSIX

extension Repository {
    /// Memory that git takes for it: there is an application in the same pod.
    private static let frugal: [(key: String, value: String)] = [
        ("core.fsync", "committed"), ("core.bigFileThreshold", "16m"), ("pack.threads", "1"),
        ("pack.windowMemory", "64m"), ("pack.deltaCacheSize", "16m"),
    ]

    /// Whether somebody has said that no object of it may be removed, though another file has it too.
    public var hasPreciousObjects: Bool {
        guard let content = try? readFile("\(path)/config") else { return false }
        let value = ConfigLines(content).value("extensions.preciousobjects")?.lowercased()
        return value.map { !["false", "no", "off", "0"].contains($0) } ?? false
    }

    /// Who else is to read what git writes: of the gitdir's own words, the one that its packs must follow,
    /// or those who have read loose objects could read them no more.
    /// Where the gitdir is another user's and says nothing, those that its objects are open to.
    ///
    /// - Throws: ``Failure`` of kind `refused` where its owner could not read what we write.
    private func sharing() throws(Failure) -> [(key: String, value: String)] {
        let key = "core.sharedRepository"
        if let content = try? readFile("\(path)/config"),
            let value = ConfigLines(content).value(key.lowercased()),
            value.utf8.count < 16, value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
        {
            return [(key, value)]
        }
        guard let objects = fileStatus("\(path)/objects"), objects.owner != currentUser() else {
            return []
        }
        // Closed to all but its owner, it stays so whatever a file in it says.
        if objects.mode & 0o077 == 0 { return [(key, "0644")] }
        if objects.mode & 0o005 == 0o005 { return [(key, "0644")] }
        // A folder with this bit gives its group to what is made in it.
        if objects.mode & 0o2050 == 0o2050 { return [(key, "0640")] }
        throw Failure(
            .refused, "user \(objects.owner) could not read what is packed in \(path)",
            hint: "set core.sharedRepository there")
    }

    /// - Parameter isCalledOff: asked several times a second; once it gives a reason, git is ended,
    ///   and all is as it was.
    /// - Throws: ``Failure``, with git's words.
    public func repack(
        environment: Environment, isCalledOff: @escaping () -> String?
    ) throws(Failure) -> GitWork {
        // In a gitdir of ours: of the other one nothing is followed, and what refs say does not matter.
        let sharing = try sharing()
        let scratch = try ScratchRepository(beside: self)
        let command = [
            "git", "repack", "-d", "-l", "-n", "-q", "--geometric=\(ObjectCensus.factor)",
            "--no-write-bitmap-index",
        ]
        let git = PatientGit(
            arguments: Self.lowPriority(command),
            environment: scratch.environment(
                writing: "\(path)/objects", settings: Self.frugal + sharing, of: environment),
            isCalledOff: isCalledOff)
        do throws(Failure) { return try git.run() } catch {
            throw Failure(
                .failed, "git repack made no pack: \(error.message)",
                hint: "look at it with git -C \(path) fsck")
        }
    }

    /// The last to get the processor and the disk, where the system has such programs.
    private static func lowPriority(_ command: [String]) -> [String] {
        let programs = [["nice", "-n", "19"], ["ionice", "-c", "3"]]
        return programs.filter { findProgram($0[0]) != nil }.flatMap { $0 } + command
    }
}
