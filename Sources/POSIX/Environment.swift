// What a process is given by its caller: environment and home. The executables read it once and
// hand it on; no other module looks at the process's own.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One `NAME=value` of an environment. Its value may be any bytes, and a child is given the same ones.
public struct EnvironmentEntry: ExpressibleByStringInterpolation, Hashable, Sendable {
    public let bytes: [UInt8]

    /// An entry byte for byte as it stands in an environment.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// An entry that is text, `NAME=value`.
    public init(stringLiteral text: String) { bytes = Array(text.utf8) }

    /// The entry's name.
    public var name: String {
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    fileprivate var value: ArraySlice<UInt8> { bytes.drop { $0 != UInt8(ascii: "=") }.dropFirst() }
}

/// An environment, as a value.
public struct Environment: Sendable {
    private let entries: [String: EnvironmentEntry]
    /// The home folder of the password database, which is what `ssh` takes for `~`.
    public let accountHome: String
    /// The login name of the password database.
    public let accountName: String

    /// An environment of texts.
    public init(_ values: [String: String], accountHome: String, accountName: String) {
        self.init(
            values.map { "\($0.key)=\($0.value)" }, accountHome: accountHome,
            accountName: accountName)
    }

    /// Of two entries with one name the first counts, as for `getenv`.
    public init(_ entries: [EnvironmentEntry], accountHome: String, accountName: String) {
        self.entries = Dictionary(
            entries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.accountHome = accountHome
        self.accountName = accountName
    }

    /// This process's own.
    public static func current() -> Environment {
        let account = unsafe getpwuid(getuid())
        let home = unsafe account.flatMap { unsafe $0.pointee.pw_dir }
            .map { unsafe String(cString: $0) }
        let name = unsafe account.flatMap { unsafe $0.pointee.pw_name }
            .map { unsafe String(cString: $0) }
        return Environment(
            currentEnvironment(), accountHome: home ?? environmentVariable("HOME") ?? "/",
            accountName: name ?? environmentVariable("USER") ?? "\(getuid())")
    }

    /// The value of `name`, to be read or shown; nil if it is not set or empty.
    public subscript(name: String) -> String? {
        entry(name).map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// The names that begin with `prefix` and have a value, sorted.
    public func names(beginningWith prefix: String) -> [String] {
        entries.values.filter { $0.name.hasPrefix(prefix) && !$0.value.isEmpty }.map(\.name)
            .sorted()
    }

    /// Whether the value of `name` is UTF-8, so that ``subscript(_:)`` has all of it.
    public func isText(_ name: String) -> Bool {
        entry(name).map { String(validating: $0.value, as: UTF8.self) != nil } ?? true
    }

    /// The entry `name=value`, for a child; nil if it is not set or empty.
    public func entry(_ name: String) -> EnvironmentEntry? {
        entries[name].flatMap { $0.value.isEmpty ? nil : $0 }
    }

    /// `path` with a leading `~/` replaced by `$HOME`, as git does with paths in its configuration.
    public func expandingHome(_ path: String) -> String {
        guard path.hasPrefix("~/") else { return path }
        return (self["HOME"] ?? accountHome) + path.dropFirst()
    }
}

/// The value of an environment variable; nil if it is not set.
public func environmentVariable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}

/// The bytes of an environment variable, whether they are text or not; nil if it is not set.
public func environmentBytes(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}

/// All of the environment.
public func currentEnvironment() -> [EnvironmentEntry] {
    var entries: [EnvironmentEntry] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        let bytes = unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        entries.append(EnvironmentEntry(bytes: bytes))
        unsafe entry += 1
    }
    return entries
}

/// Takes variables out of the environment, so that no child inherits them. Not while other threads run.
public func forgetVariables(_ names: [String]) {
    for name in names { _ = unsafe unsetenv(name) }
}
