// What operators go by: the manifests can be rendered, and deploy.md and runbook.md know every setting and
// every alert.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The documents for operators")
struct DeployDocumentsTests {
    private static let folder = "\(packageFolder)/docs/kubernetes"

    /// What kubectl makes of a folder, with the components that it names in comments or without.
    private func rendered(_ name: String, withComponents: [String] = []) throws -> String {
        let copy = try TemporaryDirectory()
        try run(["cp", "-r", "\(Self.folder)/.", copy.path]).check()
        let file = copy.file("\(name)/kustomization.yaml")
        let text = withComponents.reduce(contents(file)) {
            $0.replacing("  # - ../components/\($1)", with: "  - ../components/\($1)")
        }
        try writeFile(file, text)
        return try run(["kubectl", "kustomize", copy.file(name)]).check().output
    }

    /// Why kubectl renders nothing here; nil if it does.
    private static let problem: String? = {
        guard findProgram("kubectl") != nil else { return "there is no kubectl" }
        let trial = try? run(["kubectl", "kustomize", "\(folder)/base"])
        return trial?.errors.contains("unknown field") == true ? "kubectl is too old" : nil
    }()

    @Test(
        "kubectl renders the base, the example and every component without a warning",
        .enabled(if: problem == nil, "kubectl is not there, or older than 1.21"))
    func kustomized() throws {
        for name in ["base", "example"] {
            let made = try run(["kubectl", "kustomize", "\(Self.folder)/\(name)"])
            #expect(made.succeeded && made.errors.isEmpty, "\(name): \(made.errors)")
        }
        let native = try rendered("example")
        #expect(
            native.contains("      initContainers:") && native.contains("restartPolicy: Always"))
        #expect(!native.contains("shareProcessNamespace") && !native.contains("sshd"))
        let old = try rendered("example", withComponents: ["before-1.29"])
        #expect(!old.contains("initContainers") && !old.contains("restartPolicy"))
        #expect(old.contains("shareProcessNamespace: true") && old.contains("preStop:"))
        let both = try rendered("example", withComponents: ["before-1.29", "sshd"])
        #expect(both.contains("kind: Service\n") && both.contains("port: 2222"))
        // One engine, wherever it stands.
        for text in [native, old, both] {
            #expect(text.ranges(of: "exec git-pod serve").count == 1)
            #expect(text.ranges(of: "readOnlyRootFilesystem: true").count >= 2)
        }
    }

    @Test("the sshd of the component is configured as the bridge says, but for a Secret's volume")
    func sshd() throws {
        let printed = try run(
            [Products.path("git-pod"), "bridge", "--print-sshd-config", "--root", "/data"]
        ).check()
        func settings(_ lines: [String]) -> [String] {
            lines.filter { !$0.hasPrefix("#") && !$0.isEmpty }
        }
        let expected = settings(printed.lines).map {
            $0.replacing("/etc/git-pod/", with: "/keys/")
                .replacing("StrictModes yes", with: "StrictModes no")
        }
        let file = contents("\(Self.folder)/components/sshd/sshd_config")
        #expect(settings(file.split(separator: "\n").map(String.init)) == expected)
    }

    @Test("deploy.md has every setting of the engine, with its default")
    func settings() throws {
        let shown = try run(
            [Products.path("git-pod"), "serve", "--help"]
        ).check().lines.filter { $0.hasPrefix("  --") }
        let page = contents("\(packageFolder)/docs/operations/deploy.md")
        let switches: Set<Substring> = ["--verbose", "--quiet", "--print-config", "--json"]
        for line in shown {
            let option = line.dropFirst(2).prefix { $0 != " " }
            guard !switches.contains(option) else { continue }
            let name = option.dropFirst(2).replacing("-", with: "_").uppercased()
            let row = page.split(separator: "\n").first { $0.hasPrefix("| `GIT_POD_\(name)` |") }
            #expect(row != nil, "deploy.md lacks GIT_POD_\(name)")
            guard line.hasSuffix(")"), let open = line.lastIndex(of: "(") else { continue }
            let standard = line[line.index(after: open)...].dropLast()
            #expect(row?.contains("| `\(standard)` |") == true, "GIT_POD_\(name) is \(standard)")
        }
        #expect(shown.count > 30)
    }

    @Test(
        "promtool takes every alert rule",
        .enabled(if: findProgram("promtool") != nil, "promtool comes with Debian's prometheus"))
    func rules() throws {
        let path = "\(packageFolder)/docs/operations/alerts.yml"
        let checked = try run(["promtool", "check", "rules", path])
        #expect(checked.succeeded, "\(checked.output) \(checked.errors)")
    }

    @Test("runbook.md knows every alert, and no other")
    func alerts() throws {
        let rules = contents("\(packageFolder)/docs/operations/alerts.yml").split(separator: "\n")
        let alerts = Set(
            rules.compactMap { line in
                line.firstRange(of: "- alert: ").map { String(line[$0.upperBound...]) }
            })
        let words = contents("\(packageFolder)/docs/operations/runbook.md").split(separator: "`")
        let named = Set(words.map(String.init).filter { $0.hasPrefix("GitPod") })
        #expect(alerts == named)
        #expect(alerts.count > 5)
    }
}
