// Somebody at the near end who writes down what is said.

import Transport

final class Listener: Caller {
    private(set) var notes: [String] = []
    private(set) var warnings: [String] = []
    let canAsk = false

    func note(_ line: String) { notes.append(line) }
    func warn(_ line: String) { warnings.append(line) }
    func passphrase(for keyFile: String, again: Bool) -> String? { nil }
}
