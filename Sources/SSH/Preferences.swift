// Which algorithms one SSH connection offers: what libssh2 does well, as far as the user's ssh
// configuration allows it. Session asks for it ahead of the key exchange.

import CLibssh2
import Model

extension Session {
    /// Chooses what to offer; a host key of a type in `known` by preference.
    ///
    /// - Throws: ``SSHProblem/beyondLibrary(_:)`` if nothing is left of one kind.
    func prefer(hostKeyTypes known: [KeyType]) throws(SSHProblem) {
        let usable = known.filter(\.isUsable)
        let order = usable + KeyType.usable.filter { !usable.contains($0) }
        let types = order.reduce(into: [String]()) { names, type in
            if !names.contains(type.name) { names.append(type.name) }
        }
        let allowed = target.algorithms
        try offer(types, for: [LIBSSH2_METHOD_HOSTKEY], as: "HostKeyAlgorithms", allowed.hostKeys)
        try offer(
            Self.ciphers, for: [LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC], as: "Ciphers",
            allowed.ciphers)
        try offer(
            Self.codes, for: [LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC], as: "MACs",
            allowed.codes)
        guard let exchanges = allowed.keyExchanges else { return }
        try offer(
            supported(LIBSSH2_METHOD_KEX), for: [LIBSSH2_METHOD_KEX], as: "KexAlgorithms", exchanges
        )
    }

    private static let ciphers = ["aes128-ctr", "aes256-ctr", "aes192-ctr"]
    private static let codes = ["hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"]

    /// Offers those of `names` that are `allowed`; `setting` is what ssh calls their list.
    private func offer(
        _ names: [String], for methods: [Int32], as setting: String, _ allowed: [String]?
    ) throws(SSHProblem) {
        let offered = names.filter { allowed?.contains($0) ?? true }
        guard !offered.isEmpty else { throw .beyondLibrary("use any of the configured \(setting)") }
        for method in methods {
            _ = unsafe libssh2_session_method_pref(
                handle, method, offered.joined(separator: ","))
        }
    }

    /// What libssh2 has of one kind, in its own order.
    private func supported(_ method: Int32) -> [String] {
        var list: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        let count = unsafe libssh2_session_supported_algs(handle, method, &list)
        guard count > 0, let list = unsafe list else { return [] }
        defer { unsafe libssh2_free(handle, list) }
        return unsafe UnsafeBufferPointer(start: list, count: Int(count)).compactMap {
            unsafe $0.map { unsafe String(cString: $0) }
        }
    }
}
