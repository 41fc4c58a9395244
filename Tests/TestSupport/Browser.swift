// A headless Chromium, driven over its own pipe (the DevTools protocol): pages as people and their screen
// readers get them.

import Model
import POSIX

/// A Chromium that ends with its owner.
public final class Browser {
    private let child: ChildProcess
    private let folder: TemporaryDirectory
    private let buffer = ByteBuffer(capacity: 64 * 1024)
    private var unread: [UInt8] = []
    private var lastCall = 0
    /// What it has said without being asked, oldest first.
    public private(set) var events: [JSON] = []

    public static var isThere: Bool { findProgram("chromium") != nil }

    public init() throws(Failure) {
        folder = try TemporaryDirectory()
        // Its messages come and go by descriptors 3 and 4. As root it cannot make a sandbox.
        child = try ChildProcess(
            [
                "sh", "-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", "chromium",
                "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
                "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update",
                "--force-color-profile=srgb", "--hide-scrollbars",
                "--user-data-dir=\(folder.path)/profile", "about:blank",
            ], environment: Self.environment(home: folder.path), error: .null)
    }

    private static func environment(home: String) -> [EnvironmentEntry] {
        ["HOME=\(home)", "PATH=\(environmentVariable("PATH") ?? "/usr/bin:/bin")"]
    }

    deinit {
        // Its children end when their pipes to it do; the profile is theirs until then.
        _ = try? call("Browser.close")
        _ = child.waitForExit(until: .after(.seconds(10)))
        child.end(grace: .zero)
    }

    /// Opens a tab that shows nothing yet.
    public func tab() throws(Failure) -> BrowserTab {
        let target = try call("Target.createTarget", [("url", .string("about:blank"))])
        let attached = try call(
            "Target.attachToTarget",
            [("targetId", target["targetId"] ?? .null), ("flatten", .bool(true))])
        guard let session = attached["sessionId"]?.string else {
            throw Failure(.failed, "Chromium opens no tab: \(attached.text)")
        }
        return try BrowserTab(self, session)
    }

    /// Has it do something, and waits until it has.
    @discardableResult
    func call(
        _ method: String, _ parameters: [(name: String, value: JSON)] = [],
        in session: String? = nil
    ) throws(Failure) -> JSON {
        lastCall += 1
        var members: [(name: String, value: JSON)] = [
            ("id", .integer(lastCall)), ("method", .string(method)),
            ("params", .object(parameters)),
        ]
        if let session { members.append(("sessionId", .string(session))) }
        guard let input = child.inputDescriptor else { throw Failure(.failed, "Chromium is gone") }
        writeAll(JSON.object(members).text + "\u{0}", to: input)
        while true {
            let message = try message()
            guard message["id"] == .integer(lastCall) else {
                if message["id"] == nil { events.append(message) }
                continue
            }
            if let error = message["error"] {
                throw Failure(.failed, "Chromium refuses \(method): \(error.text)")
            }
            return message["result"] ?? .null
        }
    }

    private func message() throws(Failure) -> JSON {
        while true {
            if let end = unread.firstIndex(of: 0) {
                defer { unread.removeSubrange(...end) }
                guard let message = JSON(parsing: Array(unread[..<end])) else { continue }
                return message
            }
            guard let output = child.outputDescriptor,
                try wait(for: output, reading: true, until: .longEnough),
                case .bytes = try read(output, into: buffer)
            else { throw Failure(.failed, "Chromium does not answer") }
            unread += buffer.takeAll()
        }
    }
}

/// One page in a browser.
public final class BrowserTab {
    private let browser: Browser
    private let session: String

    fileprivate init(_ browser: Browser, _ session: String) throws(Failure) {
        (self.browser, self.session) = (browser, session)
        for domain in ["Page", "Runtime", "Log", "Accessibility"] { try call("\(domain).enable") }
    }

    @discardableResult
    private func call(_ method: String, _ parameters: [(name: String, value: JSON)] = [])
        throws(Failure) -> JSON
    {
        try browser.call(method, parameters, in: session)
    }

    /// Shows a page, and waits until it is loaded.
    public func open(_ url: String) throws {
        try call("Page.navigate", [("url", .string(url))])
        let isThere = "document.readyState === 'complete' && location.href"
        guard try eventually({ try value(isThere) == .string(url) }) else {
            throw Failure(.failed, "\(url) is not loaded")
        }
    }

    public func allowScripts(_ isAllowed: Bool) throws(Failure) {
        try call("Emulation.setScriptExecutionDisabled", [("value", .bool(!isAllowed))])
    }

    /// As its user has set it up: `prefers-color-scheme` and the like.
    public func prefer(_ features: (name: String, value: String)...) throws(Failure) {
        let list = features.map {
            JSON.object([("name", .string($0.name)), ("value", .string($0.value))])
        }
        try call("Emulation.setEmulatedMedia", [("features", .array(list))])
    }

    public func resize(width: Int, height: Int) throws(Failure) {
        try call(
            "Emulation.setDeviceMetricsOverride",
            [
                ("width", .integer(width)), ("height", .integer(height)),
                ("deviceScaleFactor", .integer(1)), ("mobile", .bool(width < 600)),
            ])
    }

    /// What a piece of script comes to, in the page.
    public func value(_ script: String) throws(Failure) -> JSON {
        let result = try call(
            "Runtime.evaluate", [("expression", .string(script)), ("returnByValue", .bool(true))])
        if let thrown = result["exceptionDetails"] {
            throw Failure(.failed, "the page's script has failed: \(thrown.text)")
        }
        return result["result"]?["value"] ?? .null
    }

    public func text(_ script: String) throws(Failure) -> String { try value(script).string ?? "" }

    /// Presses a key, as a keyboard does.
    public func press(_ key: String) throws(Failure) {
        for type in ["keyDown", "keyUp"] {
            try call(
                "Input.dispatchKeyEvent",
                [
                    ("type", .string(type)), ("key", .string(key)), ("code", .string(key)),
                    ("windowsVirtualKeyCode", .integer(key == "Tab" ? 9 : 13)),
                ])
        }
    }

    /// What a screen reader is given, a line a node: its role and its name.
    public func accessibleNodes() throws(Failure) -> [(role: String, name: String)] {
        try call("Accessibility.getFullAXTree")["nodes"]?.elements.compactMap { node in
            guard node["ignored"]?.bool != true, let role = node["role"]?["value"]?.string else {
                return nil
            }
            return (role, node["name"]?["value"]?.string ?? "")
        } ?? []
    }

    /// What the page has thrown, and what the browser has refused to do for it.
    public var complaints: [String] {
        browser.events.filter { $0["sessionId"]?.string == session }.compactMap { event in
            switch event["method"]?.string {
            case "Runtime.exceptionThrown": event["params"]?.text
            case "Log.entryAdded":
                ["error", "warning"].contains(event["params"]?["entry"]?["level"]?.string ?? "")
                    ? event["params"]?["entry"]?.text : nil
            default: nil
            }
        }
    }

    /// A picture of all of the page, as PNG.
    public func picture() throws(Failure) -> [UInt8] {
        let shot = try call(
            "Page.captureScreenshot",
            [("format", .string("png")), ("captureBeyondViewport", .bool(true))])
        return Base64.decode(shot["data"]?.string ?? "") ?? []
    }
}
