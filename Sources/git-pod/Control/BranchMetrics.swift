// Metrics of single branches, with a bound on how many there can be.

import ControlAPI
import Engine
import EngineCore
import Model

/// Branches that have a label of their own; the others are in one. Those that have lacked something for
/// longest come first.
private let labelledBranches = 200
/// What stands for the others; no branch can have this name.
private let otherBranches = "~others"

/// How the values of the others become one.
private enum Joined {
    case sum, largest, smallest

    func value(_ values: [Double]) -> Double? {
        switch self {
        case .sum: values.isEmpty ? nil : values.reduce(0, +)
        case .largest: values.max()
        case .smallest: values.min()
        }
    }
}

func branchMetrics(_ branches: [ServiceFigures.Branch]) -> [MetricFamily] {
    let ordered = branches.sorted {
        ($1.pendingSeconds ?? .max, $0.name) < ($0.pendingSeconds ?? .max, $1.name)
    }
    let named = ordered.prefix(labelledBranches).sorted { $0.name < $1.name }
    let others = ordered.dropFirst(labelledBranches)
    func family(
        _ name: String, _ help: String, _ joined: Joined,
        _ value: (ServiceFigures.Branch) -> Double?
    ) -> MetricFamily {
        var family = MetricFamily(.gauge, "git_pod_branch_" + name, help)
        for branch in named {
            if let value = value(branch) { family.add(value, .init("branch", branch.name)) }
        }
        if let rest = joined.value(others.compactMap(value)) {
            family.add(rest, .init("branch", otherBranches))
        }
        return family
    }
    return [
        stateMetrics(branches),
        family("pending_commits", "Commits that origin lacks.", .sum) {
            $0.pendingCommits.map(Double.init)
        },
        family("pending_bytes", "Bytes that origin lacks, unpacked.", .sum) {
            $0.pendingBytes.map(Double.init)
        },
        family(
            "pending_seconds", "Age of the oldest commit that origin lacks; 0: it has all.",
            .largest
        ) { $0.pendingSeconds.map(Double.init) },
        family("origin_ahead_commits", "Commits that origin has beyond ours.", .sum) {
            $0.originAhead.map(Double.init)
        },
        family("last_push_timestamp_seconds", "When origin last took the branch.", .smallest) {
            $0.lastPush.map(seconds)
        },
    ]
}

private func stateMetrics(_ branches: [ServiceFigures.Branch]) -> MetricFamily {
    var states = MetricFamily(.gauge, "git_pod_branches", "Branches by their state.")
    for state in Watermark.State.allCases {
        let count = branches.filter { $0.state == state }.count
        states.add(Double(count), MetricFamily.Label("state", state.rawValue))
    }
    return states
}

func seconds(_ milliseconds: Int64) -> Double { Double(milliseconds) / 1000 }
