// pod-soak: `git pod serve` between writers that do not stop and a world that breaks, and whether all
// it says is true; and what many pushes cost it in memory. bin/soak runs it.

import Model
import POSIX
import TestSupport

/// Prints a line. Standard output's own buffer is lost where a process ends at once.
func say(_ line: String) { writeAll(line + "\n", to: 1) }

func carryOut(_ options: Options) throws -> Bool {
    switch options.mode {
    case .push: try soak(options)
    case .memory: try measureMemory(options)
    }
}

ignoreBrokenPipes()
guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    writeAll(Options.usage, to: 2)
    exit(with: .configuration)
}
do {
    exit(with: try carryOut(options) ? .done : .failed)
} catch {
    writeAll("pod-soak: \(error)\n", to: 2)
    exit(with: .configuration)
}
