// fault-pipe: runs a command as its carrier would, and loses the connection at a given byte.
//
//     fault-pipe [--cut-down N] [--cut-up N] [--freeze-down N] [--freeze-up N]
//                [--record FILE] [--exit CODE] -- COMMAND…
//
// Down is toward our standard output. After a cut it claims success, unless told another CODE: the
// worst carrier there is. `--record` appends what passed, in hexadecimal, to
// FILE.up and FILE.down.

import Model
import POSIX

do {
    let options = try FaultOptions(Array(CommandLine.arguments.dropFirst()))
    ignoreBrokenPipes()
    let child = try ChildProcess(options.command, error: .inherit)
    var pump = FaultPump(options: options, child: child)
    let isCut = try pump.run()
    let status = child.end(grace: .milliseconds(500))
    guard !isCut, case .exited(let code) = status else { exit(status: options.exitCode ?? 0) }
    exit(status: options.exitCode ?? code)
} catch {
    writeAll("fault-pipe: \(error)\n", to: 2)
    exit(status: 2)
}
