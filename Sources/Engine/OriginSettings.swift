// From the engine's settings to what the operations on origin are told.

import EngineCore
import Git
import Model
import POSIX
import Transport

extension Engine {
    /// - Throws: ``Failure`` of kind `configuration` if nothing says where origin is.
    func originSettings() throws(Failure) -> OriginSettings {
        guard let url = settings.originURL else {
            throw Failure(
                .configuration, "nothing says where the origin of \(repository.path) is",
                hint: "give --origin URL, or set remote.\(settings.remote).url")
        }
        var origin = try OriginSettings(settings, url: OriginURL(url), environment)
        if let left = limit.remaining {
            let limit = limit
            origin.isCancelled = { limit.hasPassed }
            origin.connectTimeout = min(origin.connectTimeout, left)
            origin.operationTimeout = min(origin.operationTimeout, left)
        }
        return origin
    }
}

extension OriginSettings {
    /// What the operations on `url` are told.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for a setting that cannot be.
    init(_ settings: Settings, url: OriginURL, _ environment: Environment) throws(Failure) {
        self.init(url: url, environment: environment)
        deployKey = try settings.text("deployKey").map(environment.expandingHome)
        knownHosts = try settings.text("knownHosts").map(environment.expandingHome)
        hostKeyCheck = try settings.choice("strictHostKeyChecking")
        sshBackend = try settings.choice("sshBackend") ?? .auto
        tokenFile = try settings.text("tokenFile").map(environment.expandingHome)
        if let limit = try settings.duration("connectTimeout") { connectTimeout = limit }
        if let limit = try settings.duration("idleTimeout") { idleTimeout = limit }
        configurationIsTrusted = settings.gitdirIsTrusted
    }
}
