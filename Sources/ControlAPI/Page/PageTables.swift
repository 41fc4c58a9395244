// Conflict branches and the last events on the status page; and how far a first clone is.

import Model

extension PageContent {
    var conflictTable: HTML? {
        guard !conflicts.isEmpty else { return nil }
        let rows = conflicts.map { conflict -> HTML in
            """
            <tr><th scope="row">\(.foreign(conflict.name)) \
            <span class="where">\(conflict.isOnOrigin ? "on origin" : "not on origin yet")</span></th>\
            <td><code>\(conflict.tip.id)</code> \(.foreign(conflict.tip.subject))</td></tr>

            """
        }
        let more = conflictCount - conflicts.count
        let rest: HTML? = more > 0 ? "<p>and \(more) older ones</p>\n" : nil
        return """
            <section class="card" aria-labelledby="conflicts"><table>
            <caption><h2 id="conflicts">Conflict branches</h2></caption>
            <thead><tr><th scope="col">Branch</th><th scope="col">Its last commit</th></tr></thead>
            <tbody>
            \(rows)</tbody></table>
            \(rest)</section>

            """
    }

    var eventTable: HTML {
        let rows = events.reversed().map { event -> HTML in
            let level = event["level"]?.string ?? ""
            let loud: HTML? =
                level == "info"
                ? nil : " <b class=\"\(level == "error" ? "bad" : "wait")\">\(level)</b>"
            return """
                <tr><td><time datetime="\(event["time"]?.string ?? "")">\(clock(event))</time> \
                \(event["event"]?.string ?? "")\(loud)</td>\
                <td>\(.foreign(event["message"]?.string ?? ""))</td></tr>

                """
        }
        return """
            <section class="card" aria-labelledby="events"><table class="log">
            <caption><h2 id="events">Last events</h2></caption>
            <thead><tr><th scope="col">UTC, event</th><th scope="col">What happened</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></section>

            """
    }

    /// `04:05:06` of a log's time.
    private func clock(_ event: JSON) -> String {
        String((event["time"]?.string ?? "").dropFirst(11).prefix(8))
    }

    var cloneSection: HTML? {
        guard isBooting else { return nil }
        return """
            <section class="card" aria-labelledby="clone"><h2 id="clone">First clone</h2>
            \(cloneBar)<p>\(cloneWords)</p></section>

            """
    }

    private var cloneBar: HTML? {
        guard let clone = status["clone"], case .object = clone else { return nil }
        guard let share else { return "<progress aria-labelledby=\"clone\"></progress>\n" }
        return """
            <progress aria-labelledby="clone" max="100" value="\(share)"></progress>

            """
    }

    /// Of the objects, in percent; nil while nobody knows how many there are.
    private var share: Int64? {
        guard let clone = status["clone"], let done = clone.count("objects"),
            let total = clone.count("totalObjects"), total > 0
        else { return nil }
        return min(100, done * 100 / total)
    }

    private var cloneWords: String {
        let attempt = "Try \(status.count("attempt") ?? 1)"
        guard let clone = status["clone"], case .object = clone else {
            if status["stopped"]?.bool == true {
                return
                    "\(attempt) has failed. No other is made until somebody asks: POST /v1/clone."
            }
            let wait = status.count("nextAttemptInSeconds").map { "The next is in \($0.age)." }
            return "\(attempt) has failed. \(wait ?? "")"
        }
        guard let share, let done = clone.count("objects"), let total = clone.count("totalObjects")
        else { return "\(attempt): \(clone["phase"]?.string ?? "connecting")." }
        let bytes = (clone.count("bytes") ?? 0).size
        let rate = (clone.count("bytesPerSecond") ?? 0).size
        let left = clone.count("estimateSeconds").map { ", about \($0.age) to go" } ?? ""
        return "\(attempt): \(clone["phase"]?.string ?? "receiving") \(done) of \(total) objects "
            + "(\(share) %), \(bytes) at \(rate) a second\(left)."
    }
}
