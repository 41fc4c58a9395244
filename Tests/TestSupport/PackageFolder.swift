// The folder that Package.swift is in, for tests of what lies there besides the sources.

import POSIX

/// This package's own folder.
public let packageFolder: String = {
    var parts = #filePath.split(separator: "/").dropLast(3)
    while !parts.isEmpty, fileStatus("/" + parts.joined(separator: "/") + "/Package.swift") == nil {
        parts.removeLast()
    }
    return "/" + parts.joined(separator: "/")
}()
