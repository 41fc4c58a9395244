// Who is at the other end of a unix socket: the control API asks it of each connection.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who is at the other end of a unix socket, as the kernel knows it.
public struct Peer: Sendable, Equatable {
    public let user: UInt32
    /// The peer's group and its further groups.
    public let groups: Set<UInt32>

    public init(user: UInt32, groups: Set<UInt32>) {
        self.user = user
        self.groups = groups
    }

    /// The peer at the time when it connected; nil if the kernel does not say.
    public init?(of socket: Int32) {
        #if os(Linux)
            // struct ucred: process, user, group.
            var credentials: [UInt32] = [0, 0, 0]
            var size = socklen_t(12)
            guard unsafe getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0
            else { return nil }
            user = credentials[1]
            groups = Set(furtherGroups(of: socket) + [credentials[2]])
        #else
            var (user, group) = (uid_t(), gid_t())
            guard unsafe getpeereid(socket, &user, &group) == 0 else { return nil }
            self.user = user
            groups = [group]
        #endif
    }
}

#if os(Linux)
    /// The supplementary groups of a peer, which is how a pod's `fsGroup` comes.
    private func furtherGroups(of socket: Int32) -> [UInt32] {
        let peerGroups: Int32 = 59  // SO_PEERGROUPS, since Linux 4.13
        let mostGroups = 65536  // NGROUPS_MAX
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            var size = socklen_t(groups.count * 4)
            if unsafe getsockopt(socket, SOL_SOCKET, peerGroups, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / 4))
            }
            guard errno == ERANGE, groups.count < mostGroups else { return [] }
            groups = [UInt32](repeating: 0, count: mostGroups)
        }
    }
#endif
