// What a process is given by its caller: environment and home. The executables read it once and
// hand it on; no other module looks at the process's own.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An environment, as a value.
public struct Environment: Sendable {
    private let values: [String: String]
    /// The home folder of the password database, which is what `ssh` takes for `~`.
    public let accountHome: String
    /// The login name of the password database.
    public let accountName: String

    public init(_ values: [String: String], accountHome: String, accountName: String) {
        self.values = values
        self.accountHome = accountHome
        self.accountName = accountName
    }

    /// This process's own.
    public static func current() -> Environment {
        var values: [String: String] = [:]
        for entry in currentEnvironment() {
            guard let equals = entry.firstIndex(of: "=") else { continue }
            values[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
        }
        let account = unsafe getpwuid(getuid())
        let home = unsafe account.flatMap { unsafe $0.pointee.pw_dir }
            .map { unsafe String(cString: $0) }
        let name = unsafe account.flatMap { unsafe $0.pointee.pw_name }
            .map { unsafe String(cString: $0) }
        return Environment(
            values, accountHome: home ?? values["HOME"] ?? "/",
            accountName: name ?? values["USER"] ?? "\(getuid())")
    }

    /// The value of `name`; nil if it is not set or empty.
    public subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
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

/// All of the environment as `NAME=value`.
public func currentEnvironment() -> [String] {
    var entries: [String] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        entries.append(unsafe String(cString: text))
        unsafe entry += 1
    }
    return entries
}
