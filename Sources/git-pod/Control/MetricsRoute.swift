// Metrics: the engine's figures under the names that docs/operations/monitoring.md lists.

import ControlAPI
import Engine
import EngineCore
import Model

let metricsRoute = APIRoute(
    ControlRoute(.get, "/metrics", reach: .anywhere), "Metrics for Prometheus",
    [
        APIRoute.Outcome(
            status: 200, about: "As text, or OpenMetrics if Accept likes that better",
            content: [MetricFormat.text, .openMetrics].map { ($0.type, nil) })
    ]
) { request, desk, reply in
    let format = MetricFormat(accept: request.headers[.accept])
    desk.engine.figures { figures in
        let families =
            engineMetrics(figures) + branchMetrics(figures.branches) + fetchMetrics(desk.fetches)
            + cloneMetrics(desk.clone)
            + [
                MetricFamily(
                    .gauge, "git_pod_event_listeners", "Clients that listen to /v1/events.",
                    Double(desk.events.listeners))
            ]
        reply(ControlResponse(200, .text(type: format.type, format.write(families))))
    }
}

private func engineMetrics(_ figures: ServiceFigures) -> [MetricFamily] {
    let times = figures.timeToDurable
    return [
        buildInfo,
        gauge(
            "start_time_seconds", "When the engine started, in seconds since 1970.",
            seconds(figures.started)),
        gauge(
            "ready", "Whether /readyz answers 200.",
            figures.readiness.reasons(strict: false).isEmpty),
        counter(
            "push_attempts", "Refs that were sent to origin, by what came of it.", "result",
            figures.attempts),
        MetricFamily(
            histogram: "git_pod_time_to_durable_seconds",
            "From a branch seen moving to origin's report that it has the commit.",
            buckets: times.buckets, sum: times.sum, count: times.count),
        gauge(
            "last_push_timestamp_seconds",
            "When origin last took something; 0: not since the start.",
            figures.lastPush.map(seconds) ?? 0),
        gauge("origin_warm", "Whether a connection to origin stands ready.", figures.isWarm),
        gauge(
            "origin_failing", "Whether origin as a whole cannot be reached or used.",
            figures.isOriginFailing),
        gauge(
            "origin_last_answer_seconds",
            "Time since origin last answered; NaN: not since the start.",
            figures.sinceHeard.map { Double($0.milliseconds) / 1000 } ?? .nan),
        counter("reconciles", "Reconciles by their outcome.", "outcome", figures.reconciles),
        gauge(
            "last_reconcile_timestamp_seconds",
            "When a reconcile last reached origin; 0: not since the start.",
            figures.lastReconcile.map(seconds) ?? 0),
        gauge(
            "escapes_pending", "Conflict branches that are not on origin yet.",
            Double(figures.pendingEscapes)),
        gauge(
            "escape_storm", "Whether reconciles pause after too many escapes.", figures.isStorming),
        gauge("stopped", "Whether nothing is sent until somebody asks.", figures.isStopped),
        MetricFamily(
            .counter, "git_pod_saves", "Tips that origin has confirmed on conflict branches.",
            Double(figures.saves)),
        counter(
            "upkeeps", "Rounds of upkeep that had something to do, by what came of them.",
            "outcome", figures.upkeeps),
    ] + volumeMetrics(figures) + objectMetrics(figures) + checkoutMetrics(figures)
}

private func checkoutMetrics(_ figures: ServiceFigures) -> [MetricFamily] {
    guard let checkouts = figures.checkouts else { return [] }
    return [
        counter("checkouts", "Commits to be published for readers.", "outcome", checkouts),
        gauge(
            "checkout_failing", "Whether the last commit could not be published.",
            figures.isCheckoutFailing),
    ]
}

private func objectMetrics(_ figures: ServiceFigures) -> [MetricFamily] {
    guard let loose = figures.looseObjects, let packs = figures.packs else { return [] }
    return [
        gauge("loose_objects", "Loose objects, as they were counted last.", Double(loose)),
        gauge("packs", "Packs, as they were counted last.", Double(packs)),
    ]
}

var buildInfo: MetricFamily {
    var build = MetricFamily(.gauge, "git_pod_build_info", "The version, as a label; always 1.")
    build.add(1, MetricFamily.Label("version", version))
    return build
}

private func volumeMetrics(_ figures: ServiceFigures) -> [MetricFamily] {
    guard let free = figures.free else { return [] }
    let bytes = gauge("volume_free_bytes", "Free bytes on the gitdir's volume.", Double(free.bytes))
    guard let inodes = free.inodes else { return [bytes] }
    return [
        bytes, gauge("volume_free_inodes", "Free inodes on the gitdir's volume.", Double(inodes)),
    ]
}

private func fetchMetrics(_ fetches: FetchTally) -> [MetricFamily] {
    let counts = fetches.counts
    return [
        counter(
            "bridge_requests", "Requests that bridges have told of, by their result.", "result",
            counts.requests),
        MetricFamily(
            .counter, "git_pod_bridge_sent_bytes", "Bytes that bridges have sent.",
            counts.bytesSent),
        MetricFamily(
            summary: "git_pod_bridge_request_duration_seconds", "How long those requests took.",
            sum: counts.seconds, count: counts.count),
    ]
}

func gauge(_ name: String, _ help: String, _ value: Double) -> MetricFamily {
    MetricFamily(.gauge, "git_pod_" + name, help, value)
}

func gauge(_ name: String, _ help: String, _ value: Bool) -> MetricFamily {
    gauge(name, help, value ? 1 : 0)
}

private func counter(
    _ name: String, _ help: String, _ label: String, _ counts: [String: Int]
) -> MetricFamily {
    var family = MetricFamily(.counter, "git_pod_" + name, help)
    for (value, count) in counts.sorted(by: { $0.key < $1.key }) {
        family.add(Double(count), MetricFamily.Label(label, value))
    }
    return family
}
