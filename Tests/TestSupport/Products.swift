// Where the executables under test are.

import POSIX

/// The executables that were built, or those that `GIT_POD_PRODUCTS` names: so the same tests try
/// what an installation put into place.
public enum Products {
    /// The folder they are in.
    public static let folder: String = {
        if let named = environmentVariable("GIT_POD_PRODUCTS") { return realPath(named) ?? named }
        let program = realPath("/proc/self/exe") ?? CommandLine.arguments[0]
        return String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
    }()

    /// The path of the executable called `name`.
    public static func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The path of a tool of the tests: always the built one.
    public static func tool(_ name: String) -> String {
        let program = realPath("/proc/self/exe") ?? CommandLine.arguments[0]
        return String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)]) + "/\(name)"
    }
}
