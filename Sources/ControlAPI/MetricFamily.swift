// Metrics as values, and as the two texts that Prometheus reads. `git pod serve` makes the values.

import Model

/// Metrics of one name.
public struct MetricFamily: Sendable, Equatable {
    public enum Kind: String, Sendable { case gauge, counter, histogram, summary }

    public struct Sample: Sendable, Equatable {
        /// Behind the family's name: `_bucket`, `_sum`, `_count`; empty for the others. A counter's
        /// `_total` stands here.
        let suffix: String
        let labels: [Label]
        let value: Double
    }

    public struct Label: Sendable, Equatable {
        let name: String
        let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Without `_total`.
    public let name: String
    public let kind: Kind
    public let help: String
    public private(set) var samples: [Sample] = []

    public init(_ kind: Kind, _ name: String, _ help: String) {
        self.kind = kind
        self.name = name
        self.help = help
    }

    /// A family of one value.
    public init(_ kind: Kind, _ name: String, _ help: String, _ value: Double) {
        self.init(kind, name, help)
        add(value)
    }

    public mutating func add(_ value: Double, _ labels: Label...) {
        samples.append(
            Sample(suffix: kind == .counter ? "_total" : "", labels: labels, value: value))
    }

    /// A family of one distribution.
    ///
    /// - Parameter buckets: upper bounds that rise, each with how many were at most that; the last one
    ///   may be less than `count`.
    public init(
        histogram name: String, _ help: String, buckets: [(bound: Double, count: Int)], sum: Double,
        count: Int
    ) {
        self.init(.histogram, name, help)
        for bucket in buckets { addBucket(number(bucket.bound), bucket.count) }
        addBucket("+Inf", count)
        addTotals(sum: sum, count: count)
    }

    /// A family of a sum and a count.
    public init(summary name: String, _ help: String, sum: Double, count: Int) {
        self.init(.summary, name, help)
        addTotals(sum: sum, count: count)
    }

    private mutating func addBucket(_ bound: String, _ count: Int) {
        samples.append(
            Sample(suffix: "_bucket", labels: [Label("le", bound)], value: Double(count)))
    }

    private mutating func addTotals(sum: Double, count: Int) {
        samples.append(Sample(suffix: "_sum", labels: [], value: sum))
        samples.append(Sample(suffix: "_count", labels: [], value: Double(count)))
    }
}

/// How metrics are written.
public enum MetricFormat: Sendable {
    /// Prometheus text format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// What whoever sends this `Accept` header likes better.
    public init(accept: String?) {
        var best = (format: MetricFormat.text, weight: 0.0)
        for range in (accept ?? "").lowercased().split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " } }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }
                .flatMap { Double($0.dropFirst(2)) } ?? 1
            let format: MetricFormat =
                parts.first == "application/openmetrics-text" ? .openMetrics : .text
            if weight > best.weight { best = (format, weight) }
        }
        self = best.format
    }

    public var type: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    public func write(_ families: [MetricFamily]) -> String {
        families.map(write).joined() + (self == .openMetrics ? "# EOF\n" : "")
    }

    /// Families without samples are left out.
    private func write(_ family: MetricFamily) -> String {
        guard !family.samples.isEmpty else { return "" }
        let isBare = self == .openMetrics || family.kind != .counter
        let name = family.name + (isBare ? "" : "_total")
        let help = family.help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return "# HELP \(name) \(help)\n# TYPE \(name) \(family.kind.rawValue)\n"
            + family.samples.map { sample in
                "\(family.name)\(sample.suffix)\(labels(sample.labels)) \(number(sample.value))\n"
            }.joined()
    }

    private func labels(_ labels: [MetricFamily.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let texts = labels.map { label in
            let value = label.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
            return "\(label.name)=\"\(value)\""
        }
        return "{" + texts.joined(separator: ",") + "}"
    }
}

/// A number without a fraction where it has none.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
}
