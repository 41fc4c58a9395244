// What a git child needs to reach an origin of one kind, and no other kind.

import Model
import POSIX

/// Address, configuration and environment for git children.
struct GitAccess {
    /// What git is given as its remote.
    let url: String
    let settings: [(key: String, value: String)]
    let environment: [String]

    init(_ origin: Origin) throws(OriginFailure) {
        switch origin.settings.url.way {
        case .path(let path):
            url = path
            settings = [("protocol.file.allow", "always")]
            environment = []
        case .http:
            throw OriginFailure(
                .unknown,
                Failure(.configuration, "\(origin.name) is of the web, which is not served yet"))
        case .ssh: preconditionFailure("SSH is not git's own here")
        }
    }
}
