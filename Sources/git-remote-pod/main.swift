// git-remote-pod REMOTE URL: run by git itself for pod:// addresses.

import Model
import POSIX
import RemoteHelper

let usage = """
    usage: git-remote-pod REMOTE URL

    git runs this for remotes whose URL begins with pod:// (see git-remote-pod(1)).
    By hand:  git remote add pod pod://host/data/repo.git && git fetch pod
    """

openStandardDescriptors()
ignoreBrokenPipes()
do throws(Failure) {
    try run(argumentBytes())
    exit(with: .done)
} catch {
    writeAll("git-remote-pod: \(error)\n", to: 2)
    exit(with: error.kind.exitCode)
}

func run(_ arguments: [[UInt8]]) throws(Failure) {
    switch arguments.first.map({ String(decoding: $0, as: UTF8.self) }) {
    case "-h", "--help": return try printAll(usage + "\n")
    case "--version": return try printAll("git-remote-pod \(version)\n")
    default: break
    }
    guard let address = arguments.last, arguments.count <= 2 else {
        writeAll(usage + "\n", to: 2)
        exit(with: .configuration)
    }
    let helper = RemoteHelper(
        address: try argumentText(address), environment: .current(), input: 0, output: 1,
        complain: { writeAll("git-remote-pod: \($0)\n", to: 2) })
    try helper.run()
}
