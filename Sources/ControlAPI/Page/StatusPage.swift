// The status page at `/`, whole: one document without anything from outside, the same for browsers that
// run its script and for those that do not.

import Model

extension ControlResponse {
    /// The status page.
    public static func page(_ content: PageContent) -> ControlResponse {
        var response = ControlResponse(
            200, .text(type: "text/html; charset=utf-8", content.document.text))
        response.headers = [
            "Content-Security-Policy": pagePolicy, "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        ]
        return response
    }
}

/// Nothing runs, shows or is asked but what stands here: the page's own style and script by their hashes,
/// this server, and an icon that the page holds. No text can become a script in any other way.
private let pagePolicy = [
    "default-src 'none'", "style-src '\(hash(pageStyle))'", "script-src '\(hash(pageScript))'",
    "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'",
    "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
].joined(separator: "; ")

/// As a policy names a source that it lets through (CSP level 3, section 2.3.1).
private func hash(_ source: HTML) -> String {
    "sha256-" + Base64.encode(sha256(Array(source.text.utf8)) ?? [])
}

/// Branches that have a section of their own; those that lack something come first.
public let branchesOnPage = 12
/// How long a page waits until it asks again of itself, in milliseconds: events come sooner.
private let (pagePeriod, bootPagePeriod) = (5000, 1000)

extension PageContent {
    var document: HTML {
        let verdict = PageVerdict(self)
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='3' fill='%23288'/%3E%3C/svg%3E">
            <title>\(verdict.title) – \(place)</title>
            <style>\(pageStyle)</style></head>
            <body>
            \(header(verdict))
            <p id="stale" class="bad" hidden></p><p id="say" class="unseen" role="status"></p>
            <main id="main" data-live data-period="\(isBooting ? bootPagePeriod : pagePeriod)">
            \(cloneSection)\(sections)\(restOfBranches)\(conflictTable)\(plot)\(eventTable)</main>
            \(footer)
            <script>\(pageScript)</script></body></html>

            """
    }

    private var plot: HTML? {
        isBooting || phase == "local-only" ? nil : PagePlot(lag, now: pending).html
    }

    /// The last part of the gitdir's path.
    private var place: String { String(gitdir.split(separator: "/").last ?? "git-pod") }

    private func header(_ verdict: PageVerdict) -> HTML {
        let reason: HTML? = verdict.reason.map { "<p class=\"reason\">\(.foreign($0))</p>\n" }
        let there: HTML = origin.map { .foreign($0) } ?? "no origin"
        return """
            <header id="head" data-live class="\(verdict.tone.rawValue)">
            <h1><svg viewBox="0 0 24 24" aria-hidden="true">\(verdict.tone.sign)</svg>\
            <span id="verdict">\(verdict.title)</span></h1>
            \(reason)<p class="place"><code>\(.foreign(gitdir))</code> <span aria-hidden="true">→</span>\
            <span class="unseen">to</span> <code>\(there)</code></p>
            <p class="place">\(phaseWords), up \((status.count("uptimeSeconds") ?? 0).age), as of \
            <time datetime="\(time.rfc3339)">\(String(time.rfc3339.dropFirst(11).prefix(8))) UTC</time></p>
            </header>
            """
    }

    private var phaseWords: String {
        let storm = status["escapeStorm"]?.bool == true ? ", reconciles paused (escape storm)" : ""
        return (phase == "draining" ? "ending" : phase) + storm
    }

    private var ordered: [BranchOnPage] {
        let known = Set(conflicts.map(\.name))
        return branches.filter { !known.contains($0.name) }
            .sorted { ($1.isLacking ? 1 : 0, $0.name) < ($0.isLacking ? 1 : 0, $1.name) }
    }

    private var sections: [HTML] {
        ordered.prefix(branchesOnPage).enumerated().map { section($1, number: $0) }
    }

    private var restOfBranches: HTML? {
        let rest = ordered.dropFirst(branchesOnPage)
        guard !rest.isEmpty else { return nil }
        let lacking = rest.count(where: \.isLacking)
        let words = lacking == 0 ? "all durable" : "\(lacking) of them not durable"
        return
            "<p>and \(rest.count) more branches, \(words): see <a href=\"/v1/status\">status</a></p>\n"
    }

    private var footer: HTML {
        """
        <footer><noscript><p>Without JavaScript this page stands still. \
        <a href="/">Show how it stands now</a></p></noscript>
        <nav aria-label="The same for machines"><a href="/v1/status">status</a> \
        <a href="/metrics">metrics</a> <a href="/readyz">readiness</a> \
        <a href="/openapi.json">API</a></nav><p>git-pod \(version)</p></footer>
        """
    }
}
