// What the far side or its carrier writes for a person: held back until it is known whether it is
// an error's text or just chatter.

import POSIX

/// Somebody at the near end who can be told and asked.
public protocol Caller: AnyObject {
    /// A line that only `-v` shows.
    func note(_ line: String)
    /// A line that is shown unless everything is quiet.
    func warn(_ line: String)
    /// The passphrase of an encrypted key; nil if there is nobody to ask. `again` after a wrong one.
    func passphrase(for keyFile: String, again: Bool) -> String?
    /// Whether ``passphrase(for:again:)`` could ask somebody.
    var canAsk: Bool { get }
}

/// Lines from one connection's far side.
final class Diagnostics {
    /// Lines kept for an error's text.
    private static let limit = 50

    /// The latest lines, oldest first.
    private(set) var lines: [String] = []
    private var holds = true
    private let name: String
    private let caller: any Caller

    init(name: String, caller: any Caller) {
        self.name = name
        self.caller = caller
    }

    /// A filter that feeds this.
    func filter() -> LineFilter {
        LineFilter { [self] line in
            lines.append(line)
            if lines.count > Self.limit { lines.removeFirst() }
            if !holds { show(line) }
        }
    }

    /// The far side serves: what it wrote was no error, and what comes is shown as it comes.
    func release() {
        holds = false
        for line in lines { show(line) }
        lines.removeAll()
    }

    /// Nothing came of it: what an error's text does not carry is at least in `-v`.
    func discard() {
        for line in lines { caller.note("\(name): \(line)") }
    }

    private func show(_ line: String) {
        if line.hasPrefix("Defaulted container ") {
            caller.note("\(name): \(line)")
        } else {
            caller.warn("\(name): \(line)")
        }
    }
}
