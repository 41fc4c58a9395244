// The command line of fault-pipe.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What to run, and where to lose it.
struct FaultOptions {
    var command: [String] = []
    var cutDown = Int.max
    var cutUp = Int.max
    var freezeDown = Int.max
    var freezeUp = Int.max
    var exitCode: Int32?
    var record: String?

    init(_ arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        while let option = rest.popFirst(), option != "--" {
            let value = rest.popFirst() ?? ""
            switch option {
            case "--cut-down": cutDown = Int(value) ?? .max
            case "--cut-up": cutUp = Int(value) ?? .max
            case "--freeze-down": freezeDown = Int(value) ?? .max
            case "--freeze-up": freezeUp = Int(value) ?? .max
            case "--exit": exitCode = Int32(value)
            case "--record": record = value
            default: throw Failure(.configuration, "no such option: \(option)")
            }
        }
        command = Array(rest)
        if command.isEmpty { throw Failure(.configuration, "give a command after --") }
    }
}

/// Ends this process.
func exit(status: Int32) -> Never { exit(status) }
