// From the path that a client named to the gitdir that is served, or to a refusal. Called by Bridge.
//
// The allow-list is asked after every symbolic link was resolved, and once more for what the gitdir
// itself leads to. Paths are compared byte by byte: Swift's `==` holds é and é for equal, the
// kernel does not.

import Model
import POSIX

/// A repository that is served under a name of its own.
public struct NamedRepository: Sendable, Equatable {
    public let name: String
    public let directory: String

    public init(name: String, directory: String) {
        self.name = name
        self.directory = directory
    }

    /// Reads `NAME=DIR`.
    ///
    /// - Throws: ``Failure`` of kind `configuration`.
    public init(parsing text: String) throws(Failure) {
        let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)
        guard words.count == 2, let first = words[0].utf8.first,
            first != UInt8(ascii: "-"), first != UInt8(ascii: "."),
            words[0].utf8.allSatisfy(allowed.contains), words[1].hasPrefix("/")
        else {
            throw Failure(
                .configuration, "\"\(text)\" names no repository",
                hint: "use --repository NAME=/absolute/path")
        }
        self.init(name: String(words[0]), directory: String(words[1]))
    }
}

/// The allow-list.
public struct RepositoryResolver: Sendable {
    private let repositories: [NamedRepository]
    /// The real paths of the roots; what is in one of them is allowed.
    private let roots: [String]
    /// Everything that a gitdir may lead to; nil if it may lead anywhere.
    private let places: [String]?

    /// An allow-list of folders and of named repositories. With neither, every repository that this
    /// process can read is served: for callers who may run git here anyway.
    ///
    /// A named repository need not be there yet.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for a root that is no absolute path of a folder.
    public init(roots: [String], repositories: [NamedRepository]) throws(Failure) {
        var resolved: [String] = []
        for root in roots {
            guard root.hasPrefix("/"), let real = realPath(root),
                fileStatus(real)?.kind == .directory
            else {
                throw Failure(
                    .configuration, "the root \"\(root)\" is no folder",
                    hint: "name one by its absolute path")
            }
            resolved.append(real)
        }
        self.roots = resolved
        self.repositories = repositories
        let anywhere = roots.isEmpty && repositories.isEmpty
        places = anywhere ? nil : resolved + repositories.compactMap { realPath($0.directory) }
    }

    /// The real path of the gitdir that `path` names.
    ///
    /// - Throws: ``Failure`` of kind `refused`. What lies outside the allow-list and what is not
    ///   there at all have the same text.
    public func resolve(_ path: String) throws(Failure) -> String {
        guard path.harmless == path, path.utf8.count <= ServiceRequest.maximumLength else {
            throw notServed(path)
        }
        if let named = repository(called: path) {
            guard let real = realPath(named.directory) else { throw notServed(path) }
            try checkGitdir(real, asked: path, places: places)
            return real
        }
        guard Self.isPlainAbsolute(path) else {
            throw Failure(
                .refused, "\"\(ServiceRequest.shown(path))\" is no plain absolute path",
                hint:
                    "name the repository by its path in the pod, without empty parts, . and .. in it"
            )
        }
        guard let real = realPath(path), isAllowed(real) else { throw notServed(path) }
        try checkGitdir(real, asked: path, places: places)
        return real
    }

    private func repository(called path: String) -> NamedRepository? {
        let name = path.hasPrefix("/") ? path.dropFirst() : path[...]
        return repositories.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    private func isAllowed(_ real: String) -> Bool {
        guard places != nil else { return true }
        return contains(roots, real)
            || repositories.contains {
                realPath($0.directory)?.utf8.elementsEqual(real.utf8) ?? false
            }
    }

    private func notServed(_ path: String) -> Failure {
        Failure(
            .refused, "this pod serves no repository \"\(ServiceRequest.shown(path))\"",
            hint: "name one that is there and that its bridge allows")
    }

    /// Whether `path` is absolute and has no empty component and no `.` or `..`.
    private static func isPlainAbsolute(_ path: String) -> Bool {
        let components = path.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard components.count > 1, components[0].isEmpty else { return false }
        return components.dropFirst().allSatisfy {
            !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
        }
    }
}

/// Whether one of `places` is `path` or one of the folders above it. All are real paths.
func contains(_ places: [String], _ path: String) -> Bool {
    places.contains { place in
        guard path.utf8.starts(with: place.utf8) else { return false }
        let rest = path.utf8.dropFirst(place.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/")
            || place.utf8.last == UInt8(ascii: "/")
    }
}
