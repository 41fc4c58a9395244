// Where the control API listens, by the settings. `git pod serve` asks.

import Model
import POSIX

extension Settings {
    /// Where the whole of it listens, and whether somebody asked for that; nil: nowhere.
    ///
    /// - Throws: ``Failure`` of kind `configuration`, also for an address that others can reach.
    public func listen() throws(Failure) -> (address: ListenAddress, isAsked: Bool)? {
        guard let address = try address("listen") else { return nil }
        guard address.isLoopback else {
            throw Failure(
                .configuration, "listen is \"\(address)\", which others can reach",
                hint:
                    "give it a loopback address; --listen-public has probes, metrics and the webhook"
            )
        }
        return (address, value("listen")?.source != .standard)
    }

    /// Where its public part listens; nil: nowhere.
    public func listenPublic() throws(Failure) -> ListenAddress? { try address("listenPublic") }

    /// The file that has the webhook's secret; nil: there is none.
    public func webhookSecretFile() throws(Failure) -> String? { try text("webhookSecretFile") }

    private func address(_ name: String) throws(Failure) -> ListenAddress? {
        guard let text = try text(name), text != "none" else { return nil }
        guard let address = ListenAddress(text) else {
            throw Failure(
                .configuration, "\(name) is \"\(text)\"",
                hint: "it must be an address and a port, such as 127.0.0.1:7418 or [::1]:0, or none"
            )
        }
        return address
    }
}
