// lag-proxy: a slow or broken network on loopback, for benchmarks and for trying things by hand.
//
//     lag-proxy --to PORT [--listen PORT] [--one-way 25ms] [--cut-down N] [--cut-up N]
//               [--freeze-down N] [--freeze-up N] [--silent]
//
// Prints the port it listens on, then relays until its standard input ends; then when clients began to
// speak after a silence, in microseconds of the monotonic clock.

import Model
import POSIX
import TestSupport

/// What the command line asks for. Nil, after a word about it, if it makes no sense.
func proxy(_ arguments: [String]) throws(Failure) -> LagProxy {
    var target: UInt16?
    var port: UInt16 = 0
    var oneWay = Duration.zero
    var faults = LagProxy.Faults()
    var rest = arguments[...]
    while let option = rest.popFirst() {
        if option == "--silent" {
            faults.silent = true
            continue
        }
        let value = rest.popFirst() ?? ""
        switch option {
        case "--to": target = UInt16(value)
        case "--listen": port = UInt16(value) ?? 0
        case "--one-way": oneWay = Duration(configuration: value) ?? .zero
        case "--cut-down": faults.cutDown = Int(value)
        case "--cut-up": faults.cutUp = Int(value)
        case "--freeze-down": faults.freezeDown = Int(value)
        case "--freeze-up": faults.freezeUp = Int(value)
        default: throw Failure(.configuration, "no such option: \(option)")
        }
    }
    guard let target else { throw Failure(.configuration, "give the server's port: --to PORT") }
    return try LagProxy(to: target, oneWay: oneWay, faults: faults, port: port)
}

do {
    let running = try proxy(Array(CommandLine.arguments.dropFirst()))
    writeAll("\(running.port)\n", to: 1)
    let buffer = ByteBuffer(capacity: 4096)
    while try read(0, into: buffer) != .end { buffer.clear() }
    let traffic = running.traffic
    for start in traffic.starts { writeAll("\(start / 1000)\n", to: 1) }
    writeAll(
        "\(traffic.connections) connections, \(traffic.up) bytes up, \(traffic.down) bytes down, "
            + "\(traffic.roundTrips) round trips\n", to: 2)
} catch {
    writeAll("lag-proxy: \(error)\n", to: 2)
}
