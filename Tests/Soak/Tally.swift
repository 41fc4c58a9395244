// What a soak has counted so far. All threads add to it.

/// Numbers by name, in the order in which names came up.
struct Tally {
    private(set) var counts: [String: Int] = [:]
    /// What must not be, a line each.
    private(set) var faults: [String] = []
    /// More are counted, and not kept.
    private static let mostFaults = 50

    mutating func count(_ name: String, _ number: Int = 1) { counts[name, default: 0] += number }

    mutating func fault(_ name: String, _ words: String) {
        count(name)
        if faults.count < Self.mostFaults { faults.append("\(name): \(words)") }
    }

    subscript(name: String) -> Int { counts[name] ?? 0 }

    /// The counts whose names begin with `prefix`, without that, by name.
    func list(_ prefix: String) -> String {
        let found = counts.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
        let words = found.map { "\($0.key.dropFirst(prefix.count)) \($0.value)" }
        return words.isEmpty ? "none" : words.joined(separator: ", ")
    }
}
