// Names that no setting has. A slip in one must not pass for a setting that was not made.

import Model
import POSIX
import Transport

extension Settings {
    private static let prefix = "GIT_POD_"

    /// Variables of ours that are no settings.
    private static let others = [prefix + "REPO"]

    /// What this project's own tests are told by: their environment may reach us.
    private static let ofTests = [prefix + "KUBE", prefix + "PRODUCTS", prefix + "SOAK"]
    private static let testPrefix = prefix + "TEST_"

    /// - Throws: ``Failure`` of kind `configuration` for a `GIT_POD_*` variable that means nothing.
    public static func checkNames(_ environment: Environment) throws(Failure) {
        let known = Setting.all.map(\.variable) + others
        let names = environment.names(beginningWith: prefix).filter { name in
            !known.contains(name) && !ofTests.contains(name) && !name.hasPrefix(testPrefix)
        }
        // Kubernetes tells each pod of every service beside it; one may be called git-pod.
        let services = names.filter { $0.hasSuffix(serviceHost) }
            .map { $0.dropLast(serviceHost.count) }
        let unknown = names.first { name in
            !services.contains { service in
                name == service + "_PORT" || name.hasPrefix(service + "_PORT_")
                    || name.hasPrefix(service + "_SERVICE_")
            }
        }
        if let unknown { throw unknownName(unknown, nearest(to: unknown, among: known)) }
    }

    private static let serviceHost = "_SERVICE_HOST"

    /// - Throws: ``Failure`` of kind `configuration` for a `pod.NAME` that means nothing, here or to
    ///   `git-remote-pod`.
    static func checkNames(_ configuration: ScopedConfiguration) throws(Failure) {
        let known = Setting.all.map(\.name) + PodSettings.shared.sorted()
        let keys = Set(known.map { "pod.\($0.lowercased())" })
        let unknown = configuration.entries.first { entry in
            entry.key.hasPrefix("pod.") && !keys.contains(entry.key)
        }
        guard let unknown else { return }
        let name = String(unknown.key.dropFirst("pod.".count))
        let place = unknown.scope.isGitdirs ? "the gitdir's config" : "git config"
        throw unknownName(
            "\(unknown.key) in \(place)", nearest(to: name, among: known).map { "pod.\($0)" })
    }

    private static func unknownName(_ what: String, _ nearest: String?) -> Failure {
        Failure(
            .configuration, "\(what) is no setting",
            hint: nearest.map { "did you mean \($0)?" })
    }
}
