// The status page in a real browser: what people see, what their screen readers are told, and that it
// changes as the engine works. With GIT_POD_PICTURES=DIR it leaves pictures there to be looked at.

import Model
import POSIX
import TestSupport
import Testing

/// A subject that would run, show or turn things around if it were taken for more than text.
private let hostile =
    "<script>document.title='mine'</script>\"><img src=x onerror=\"document.title='mine'\"> \u{202e}txet"
private let hostileBranch = "a\"><img-src=x-onerror=alert(1)><b>&amp;שלום"

@Suite(
    "The status page in a browser", .serialized,
    .enabled(if: Browser.isThere, "bin/setup installs Debian's chromium"))
struct BrowserTests {
    private func open(_ api: ServedAPI, _ tab: BrowserTab) throws {
        try tab.resize(width: 1100, height: 900)
        try tab.open("http://127.0.0.1:\(api.port)/")
    }

    private func verdict(_ tab: BrowserTab) throws -> String { try text("#verdict", tab) }

    /// The text of the first element that `selector` finds; empty while there is none.
    private func text(_ selector: String, _ tab: BrowserTab) throws -> String {
        try tab.text("document.querySelector('\(selector)')?.textContent")
    }

    /// Leaves pictures, light and dark, of a telephone and of a desk.
    private func take(_ name: String, _ tab: BrowserTab) throws {
        guard let folder = environmentVariable("GIT_POD_PICTURES") else { return }
        for scheme in ["light", "dark"] {
            try tab.prefer(("prefers-color-scheme", scheme))
            for (size, width) in [("phone", 390), ("desk", 1100)] {
                try tab.resize(width: width, height: 900)
                let picture = try tab.picture()
                try run(
                    ["dd", "status=none", "of=\(folder)/\(name)-\(scheme)-\(size).png"],
                    input: picture
                )
                .check()
            }
        }
        try tab.prefer(("prefers-color-scheme", "light"))
        try tab.resize(width: 1100, height: 900)
    }

    @Test("a commit that waits and becomes durable shows without a reload, its text as text")
    func live() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let tab = try Browser().tab()
        try open(api, tab)
        #expect(try verdict(tab) == "Everything is durable")
        _ = try tab.value("window.mark = 'the same page'")
        try take("durable", tab)

        _ = try api.engine.loseOrigin()
        for number in 1...3 {
            try scene.commit("f\(number)", "x", message: "Note what came of try \(number)")
        }
        let tip = try scene.commit("h", "x", message: hostile)
        let count = try #require(api.engine.mark().count("pendingCommits"))
        #expect(try eventually { try verdict(tab) == "\(count) commits are not durable" })
        let line = try text(".line li.here", tab)
        #expect(line.contains(tip.prefix(7)) && line.contains("only here"))
        #expect(line.contains("<script>document.title='mine'</script>\"><img src=x onerror="))
        #expect(line.contains("\\u{202e}txet"))
        #expect(try tab.value("document.images.length + document.scripts.length") == .integer(1))
        #expect(
            try eventually {
                try text(".trouble", tab).contains("next try")
            })
        #expect(
            try eventually {
                try tab.text("document.querySelector('.area')?.getAttribute('d')").contains("V")
            })
        try take("waiting", tab)

        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try eventually { try verdict(tab) == "Everything is durable" })
        #expect(
            try eventually {
                try text(".line li.durable", tab).contains(
                    tip.prefix(7))
            })
        #expect(
            try text(".log", tab).contains(
                "origin has refs/heads/main"))
        #expect(try tab.text("document.title").hasPrefix("Everything is durable – "))
        #expect(try tab.text("window.mark") == "the same page")

        // Where the engine is gone, what stands there is not taken for how it is.
        #expect(api.engine.stop() == .exited(0))
        #expect(
            try eventually {
                try tab.value("document.getElementById('stale').hidden") == .bool(false)
            })
        #expect(
            try text("#stale", tab).hasPrefix(
                "No answer from the engine."))
        #expect(tab.complaints.allSatisfy { $0.contains("ERR_") }, "\(tab.complaints)")
    }

    @Test("without JavaScript it is a whole snapshot, with a way to the next one")
    func withoutScript() throws {
        let scene = try Scene.inSync()
        try scene.commit("same", "here", message: "Keep what this pod has seen")
        try scene.commitToOrigin("same", "there")
        try scene.home.git("update-ref", "refs/heads/\(hostileBranch)", "main~1", at: scene.gitdir)
        let api = try ServedAPI(scene, flags: ["--branch", "main", "--branch", "a*"])
        try api.engine.begin()
        #expect(try eventually { try api.metric("git_pod_escapes_pending") == 0 })
        #expect(try eventually { try api.metric("git_pod_branches{state=\"in-sync\"}") == 2 })
        let tab = try Browser().tab()
        try tab.allowScripts(false)
        try open(api, tab)
        #expect(
            try text("#branch-0", tab).hasPrefix(hostileBranch)
        )
        #expect(try tab.value("document.images.length") == .integer(0))
        let text = try tab.text("document.querySelector('main').innerText")
        #expect(text.contains("Conflict branches") && text.contains("conflicts/"))
        #expect(text.contains("Keep what this pod has seen") && text.contains("on origin"))
        #expect(text.contains("Last events") && text.contains("Lag, last hour"))
        #expect(
            try tab.text("document.querySelector('noscript a').innerText")
                == "Show how it stands now")
        #expect(
            try tab.text("getComputedStyle(document.getElementById('stale')).display") == "none")
        try take("snapshot", tab)
        #expect(tab.complaints.isEmpty, "\(tab.complaints)")
    }

    @Test(
        "a screen reader is given landmarks, headings and named tables, and is told only what stays true"
    )
    func accessible() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let tab = try Browser().tab()
        try open(api, tab)
        var nodes = try tab.accessibleNodes()
        for role in ["banner", "main", "contentinfo", "navigation", "status"] {
            #expect(nodes.count { $0.role == role } == 1, "\(role)")
        }
        let headings = nodes.filter { $0.role == "heading" }.map(\.name)
        #expect(headings.first == "Everything is durable")
        #expect(headings.contains { $0.hasPrefix("main") } && headings.contains("Last events"))
        #expect(nodes.contains { $0.role == "table" && $0.name == "Last events" })
        #expect(nodes.contains { $0.role == "list" && $0.name == "Commits of main, newest first" })
        #expect(nodes.allSatisfy { $0.role != "image" && $0.role != "img" })

        // What goes by is not told; what stays is told once.
        for number in 1...5 {
            #expect(try api.engine.isDurable(try scene.commit("\(number)", "x")))
        }
        #expect(try text("#say", tab) == "")
        _ = try api.engine.loseOrigin()
        let count = try #require(api.engine.mark().count("pendingCommits"))
        let words = "\(count) \(count == 1 ? "commit is" : "commits are") not durable"
        #expect(
            try eventually {
                try text("#say", tab) == words
            })
        nodes = try tab.accessibleNodes()
        #expect(nodes.first { $0.role == "heading" }?.name == words)

        // Every place that a keyboard comes to shows that it is there.
        var places: [String] = []
        for _ in 0..<4 {
            try tab.press("Tab")
            places.append(try tab.text("document.activeElement.textContent"))
            #expect(
                try tab.text("getComputedStyle(document.activeElement).outlineStyle") == "solid")
        }
        #expect(places == ["status", "metrics", "readiness", "API"])
        for scheme in ["light", "dark"] {
            try tab.prefer(("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce"))
            #expect(try tab.value(faintTexts).elements == [], "\(scheme)")
            #expect(try tab.value("document.getAnimations().length") == .integer(0))
        }
        // Nothing is wider than a narrow window.
        try tab.resize(width: 320, height: 600)
        #expect(try tab.value("document.documentElement.scrollWidth") == .integer(320))
        #expect(tab.complaints.isEmpty, "\(tab.complaints)")
    }

    @Test("while the first clone is under way it shows that, and then the branch, without a reload")
    func boot() throws {
        let scene = try Scene(.ssh)
        let server = try #require(scene.origin.server?.process)
        let stopped = [server] + Processes.below(server)
        for process in stopped { try run(["kill", "-STOP", "\(process)"]).check() }
        defer { for process in stopped { _ = try? run(["kill", "-CONT", "\(process)"]) } }
        let path = scene.origin.pod.folder.file("boot.git")
        let api = try ServedAPI(scene, flags: ["--repo", path])
        let tab = try Browser().tab()
        try open(api, tab)
        #expect(try verdict(tab) == "Cloning from origin")
        _ = try tab.value("window.mark = 'the same page'")
        #expect(
            try tab.accessibleNodes().contains {
                $0.role == "progressbar" && $0.name == "First clone"
            })
        try take("boot", tab)
        for process in stopped { try run(["kill", "-CONT", "\(process)"]).check() }
        #expect(try eventually { try verdict(tab) == "Everything is durable" })
        #expect(try text("h2", tab).hasPrefix("main"))
        #expect(try tab.text("window.mark") == "the same page")
        #expect(tab.complaints.isEmpty, "\(tab.complaints)")
    }
}

/// Texts that stand out from what is behind them less than WCAG 2.2 (1.4.3, AA) asks for, and signs
/// that do (1.4.11).
private let faintTexts = """
    (() => {
      const channels = text => text.match(/[\\d.]+/g).map(Number);
      const light = text => channels(text).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const behind = element => {
        for (let e = element; e; e = e.parentElement) {
          const color = getComputedStyle(e).backgroundColor;
          if (channels(color)[3] !== 0) return color;
        }
        return 'rgb(255, 255, 255)';
      };
      const ratio = (one, two) => {
        const [a, b] = [light(one), light(two)].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
      };
      const found = [];
      for (const element of document.querySelectorAll('body *')) {
        const style = getComputedStyle(element);
        const isText = [...element.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        const isSign = element.matches('.line svg, h1 svg');
        if (!isText && !isSign || !element.checkVisibility() || element.matches('script, style')) continue;
        const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
        const least = isSign || size >= 24 || bold && size >= 18.66 ? 3 : 4.5;
        const r = ratio(style.color, behind(element));
        if (r < least) found.push(`${element.outerHTML.slice(0, 80)} ${r}`);
      }
      return found;
    })()
    """
