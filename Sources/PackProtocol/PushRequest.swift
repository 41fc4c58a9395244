// The commands of a push, as git-receive-pack wants them (gitprotocol-pack(5), "Reference Update
// Request and Packfile Transfer"). The pack follows them.

import Model

/// One command list.
public enum PushRequest {
    /// What we can use, if the far side can do it.
    private static let wanted = ["report-status", "side-band-64k", "quiet", "object-format=sha1"]

    /// The bytes before the pack.
    ///
    /// - Parameters:
    ///   - updates: at least one.
    ///   - isAtomic: whether all are to be taken, or none.
    /// - Throws: ``PushProtocolError`` if the far side cannot report, or not take them all or none.
    public static func bytes(
        _ updates: [RefUpdate], offered: Set<String>, isAtomic: Bool = false
    ) throws(PushProtocolError) -> [UInt8] {
        guard offered.contains("report-status") else {
            throw .unexpected("that it does not report what became of a push")
        }
        var asked = wanted.filter(offered.contains)
        if isAtomic {
            guard offered.contains("atomic") else {
                throw .unexpected("that it cannot take several refs or none")
            }
            asked.append("atomic")
        }
        if offered.contains(where: { $0.hasPrefix("agent=") }) {
            asked.append("agent=git-pod/\(version)")
        }
        var bytes: [UInt8] = []
        for (index, update) in updates.enumerated() {
            let command = "\(update.old ?? .zero) \(update.new) \(update.name)"
            let line = index == 0 ? "\(command)\0 \(asked.joined(separator: " "))" : command
            do throws(PacketLineError) { bytes += try PacketLine.encode(line) } catch {
                throw PushProtocolError(error)
            }
        }
        return bytes + PacketLine.flushBytes
    }
}
