// What http-fuzz is told on its command line.

import POSIX

struct Options {
    var requests: Int?
    var seconds: Int?
    var seed: UInt64 = 1

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--requests": requests = rest.popFirst().flatMap { Int($0) }
            case "--seconds": seconds = rest.popFirst().flatMap { Int($0) }
            case "--seed": seed = rest.popFirst().flatMap { UInt64($0) } ?? 1
            default:
                writeAll("usage: http-fuzz [--requests N] [--seconds N] [--seed S]\n", to: 2)
                exit(with: .configuration)
            }
        }
        if requests == nil, seconds == nil { seconds = 20 }
    }
}
