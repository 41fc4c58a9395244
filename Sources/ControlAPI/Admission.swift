// Who may ask for what, by the way they came. Reception asks it of each connection and request.

import Model
import POSIX

/// Who is let in at one of a server's sockets.
enum Admission: Sendable {
    /// By a unix socket: root, our user, the gitdir's owner and its group.
    case owner(user: UInt32, group: UInt32)
    /// By TCP from this machine: any of its users, and what their browsers show.
    case machine
    /// By TCP from wherever.
    case anywhere

    /// Whether a route is served there at all.
    func serves(_ route: ControlRoute) -> Bool {
        switch (self, route.reach) {
        case (.owner, _), (_, .anywhere), (.machine, .machine): true
        case (.machine, .owner), (.anywhere, _): false
        }
    }

    /// Why a connection is not served; nil if it is.
    func refusal(ofPeerOn socket: Int32) -> ControlResponse? {
        guard case .owner(let user, let group) = self else { return nil }
        guard let peer = Peer(of: socket) else {
            return .error(403, "the system does not say who you are")
        }
        let isTrusted =
            [0, currentUser(), user].contains(peer.user) || peer.groups.contains(group)
        return isTrusted
            ? nil : .error(403, "only the gitdir's owner and group may use this, and root")
    }

    /// Why a request is not let through: it may be a browser's, made by a page of another site, which
    /// has either a name of its own for this address, or tells where it comes from.
    func refusal(host: String?, origin: String?, for route: ControlRoute) -> ControlResponse? {
        guard case .machine = self, route.reach != .anywhere else { return nil }
        guard let host, Self.isLoopback(authority: host) else {
            return .error(403, "the Host of a request must be a loopback address, or localhost")
        }
        guard let origin else { return nil }
        return origin.lowercased() == "http://\(host.lowercased())"
            ? nil : .error(403, "a page of another origin may not use this")
    }

    /// `localhost`, `127.x.y.z` or `[::1]`, with or without a port.
    static func isLoopback(authority: String) -> Bool {
        let hasPort =
            authority.hasPrefix("[") ? !authority.hasSuffix("]") : authority.contains(":")
        let whole = hasPort ? authority : "\(authority):80"
        guard let address = ListenAddress(whole.lowercased()) else { return false }
        return address.isLoopback
    }
}
