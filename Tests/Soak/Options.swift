// What the command line of pod-soak asks for. bin/soak makes that line.

import Model

struct Options {
    enum Mode { case push, memory }

    var mode = Mode.push
    var seconds: Int64 = 60
    var seed: UInt64 = 1
    var pushes = 10_000
    /// What it ran on stays, also where nothing went wrong.
    var keeps = false

    static let usage = """
        usage: pod-soak push [--seconds N] [--seed S] [--keep]
               pod-soak memory [--pushes N] [--seed S]

        """

    /// Nil if that makes no sense.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        switch rest.popFirst() {
        case "push": mode = .push
        case "memory": mode = .memory
        default: return nil
        }
        while let word = rest.popFirst() {
            if word == "--keep" {
                keeps = true
                continue
            }
            guard let value = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
            switch word {
            case "--seconds": seconds = Int64(clamping: value)
            case "--seed": seed = value
            case "--pushes": pushes = Int(clamping: value)
            default: return nil
            }
        }
    }
}
