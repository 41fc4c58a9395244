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
let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "-h", "--help":
    writeAll(usage + "\n", to: 1)
    exit(with: .done)
case "--version":
    writeAll("git-remote-pod \(version)\n", to: 1)
    exit(with: .done)
default: break
}
guard let address = arguments.last, arguments.count <= 2 else {
    writeAll(usage + "\n", to: 2)
    exit(with: .configuration)
}
let helper = RemoteHelper(
    address: address, environment: .current(), input: 0, output: 1,
    complain: { writeAll("git-remote-pod: \($0)\n", to: 2) })
do throws(Failure) {
    try helper.run()
    exit(with: .done)
} catch {
    writeAll("git-remote-pod: \(error)\n", to: 2)
    exit(with: error.kind.exitCode)
}
