// The lag of the last hour as a small plot: steps over time, in SVG that the snapshot has as well.

import Model

/// The plot and what it says in words.
struct PagePlot {
    private let points: [PageContent.LagPoint]
    private let most: Int
    /// Commits that are not durable now; nil: nobody can tell.
    private let now: Int64?

    /// Of the plot, in its own units: a unit is 15 s wide.
    private static let (width, height, secondsAUnit) = (240, 44, 15)

    init(_ points: [PageContent.LagPoint], now: Int64?) {
        self.now = now
        self.points = points.filter { $0.secondsAgo <= Self.width * Self.secondsAUnit }
        most = self.points.compactMap(\.commits).max() ?? 0
    }

    var html: HTML {
        """
        <figure id="lag"><figcaption><h2>Lag, last hour</h2><p>\(words)</p></figcaption>
        <svg viewBox="0 0 \(Self.width) \(Self.height + 2)" preserveAspectRatio="none" \
        aria-hidden="true">
        <path class="area" d="\(area)"/><path class="axis" d="M0 \(Self.height + 1)H\(Self.width)"/></svg>
        <p class="scale" aria-hidden="true"><span>an hour ago</span><span>now</span></p></figure>

        """
    }

    var words: String {
        guard let first = points.first else { return "Nothing is known yet." }
        let seconds = max(first.secondsAgo, Self.secondsAUnit)
        let ticks = points.count { $0.commits ?? 0 > 0 }
        guard ticks > 0 else {
            return seconds < 60
                ? "Measured from now on." : "All was durable in the last \(Int64(seconds).age)."
        }
        let time = Int64(min(ticks * Self.secondsAUnit, seconds)).age
        let now = now.map { "now \($0)" } ?? "now not known"
        return "At most \(Self.commits(most)), \(now). "
            + "In the last \(Int64(seconds).age) something waited for about \(time)."
    }

    private static func commits(_ count: Int) -> String {
        count == 1 ? "1 commit" : "\(count) commits"
    }

    /// Steps from the left to the right. Nothing where nobody could tell.
    private var area: String {
        var (path, level) = ("", 0)
        for point in points {
            let next = height(of: point)
            if next != level {
                if level > 0 { path += "H\(x(point.secondsAgo))" }
                if level == 0 { path += "M\(x(point.secondsAgo)) \(Self.height)" }
                path += "V\(Self.height - next)" + (next == 0 ? "Z" : "")
                level = next
            }
        }
        return level == 0 ? path : path + "H\(Self.width)V\(Self.height)Z"
    }

    private func height(of point: PageContent.LagPoint) -> Int {
        guard let commits = point.commits, commits > 0 else { return 0 }
        return max(1, commits * (Self.height - 2) / most)
    }

    private func x(_ secondsAgo: Int) -> Int { Self.width - secondsAgo / Self.secondsAUnit }
}
