// A root folder for containers, made of this machine's own programs: no network, no image.

import Model
import POSIX
import TestSupport

/// The files that a pod's container needs to serve a fetch: git, git-pod, a shell, and what they
/// load.
enum ContainerRoot {
    private static let programs = ["git", "sh", "sleep", "env", "cat"]

    /// Fills `folder` with them, and with `more` programs, each by its name or its path. Programs come to
    /// where they are here, `git-pod` to `/usr/bin`.
    static func build(in folder: String, with more: [String] = []) throws(Failure) {
        let programs = programs + more
        for name in ["bin", "tmp", "proc", "sys", "dev", "etc", "data", "usr/bin", "run", "root"] {
            try run(["mkdir", "-p", "\(folder)/\(name)"]).check()
        }
        try run(["chmod", "1777", "\(folder)/tmp"]).check()
        let bridge = Products.path("git-pod")
        try run(["cp", "-L", bridge, "\(folder)/usr/bin/git-pod"]).check()
        for name in programs {
            guard let path = name.hasPrefix("/") ? name : findProgram(name) else {
                throw Failure(.failed, "there is no \(name) to put into a container")
            }
            try copy(path, into: folder)
            guard !name.hasPrefix("/") else { continue }
            try run(["cp", "-L", path, "\(folder)/usr/bin/\(name)"]).check()
        }
        for program in programs.compactMap({ $0.hasPrefix("/") ? $0 : findProgram($0) }) + [bridge]
        {
            for library in try libraries(of: program) { try copy(library, into: folder) }
        }
        try run(["cp", "-L", "\(folder)/usr/bin/sh", "\(folder)/bin/sh"]).check()
        try writeFile("\(folder)/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        try writeFile("\(folder)/etc/group", "root:x:0:\n")
    }

    /// Copies a file to the same path below `folder`, once.
    private static func copy(_ path: String, into folder: String) throws(Failure) {
        guard fileStatus(folder + path) == nil else { return }
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        try run(["mkdir", "-p", "\(folder)\(parent)"]).check()
        try run(["cp", "-L", path, folder + path]).check()
    }

    /// The paths that `ldd` names.
    private static func libraries(of program: String) throws(Failure) -> [String] {
        try run(["ldd", program]).check().lines.compactMap { line in
            line.split(separator: " ").map { $0.trimmingPrefix("\t") }.first { $0.hasPrefix("/") }
                .map(String.init)
        }
    }
}
