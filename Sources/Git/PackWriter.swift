// New objects on their way into one pack of a repository (gitformat-pack). NewObjects fills it.

import Model
import POSIX

/// A pack in the making: nobody sees it before ``finish()``, and nothing is left of it without.
final class PackWriter {
    /// What waits in memory before it goes into the file.
    private static let bufferLimit = 1 << 20
    /// Whoever reads the last of a chain of deltas makes all the others first.
    private static let longestChain = 40

    /// Where an object lies, and what it takes to read it.
    struct Entry {
        let offset: Int
        let end: Int
        let type: ObjectType
        /// What its zlib stream holds: the content, or a delta.
        let streamSize: Int
        let streamOffset: Int
        let base: ObjectID?
        let chain: Int
        let checksum: UInt32
    }

    private let folder: String
    private let deflater = Deflater()
    private var file: GrowingFile?
    private var buffer: [UInt8]
    private(set) var entries: [ObjectID: Entry] = [:]

    /// A pack for the repository whose gitdir is `gitdir`.
    init(gitdir: String) {
        folder = "\(gitdir)/objects/pack"
        buffer = Self.header(count: 0)
    }

    /// The end of what was written.
    private var size: Int { (file?.size ?? 0) + buffer.count }

    /// Adds an object, as a delta against `base` where that is in this pack and saves space.
    func append(
        _ id: ObjectID, _ object: RawObject, base: (id: ObjectID, content: [UInt8])? = nil
    ) throws(Failure) {
        guard entries[id] == nil else { return }
        var stream = object.content
        var deltaBase: (id: ObjectID, entry: Entry)?
        if let base, let entry = entries[base.id], entry.chain < Self.longestChain,
            let delta = PackDelta.between(base.content, object.content)
        {
            stream = delta
            deltaBase = (base.id, entry)
        }
        let offset = size
        let kind = deltaBase == nil ? Int(object.type.rawValue) : 6
        var bytes = Self.entryHeader(kind: kind, size: stream.count)
        if let deltaBase { bytes += Self.distance(offset - deltaBase.entry.offset) }
        let streamOffset = offset + bytes.count
        bytes += deflater.deflate(stream)
        entries[id] = Entry(
            offset: offset, end: offset + bytes.count, type: object.type, streamSize: stream.count,
            streamOffset: streamOffset, base: deltaBase?.id,
            chain: deltaBase.map { $0.entry.chain + 1 } ?? 0, checksum: crc32(bytes))
        buffer += bytes
        if buffer.count >= Self.bufferLimit { try flush() }
    }

    /// An object that was added before; nil if there is none called `id`.
    func object(_ id: ObjectID) throws(Failure) -> RawObject? {
        guard let entry = entries[id] else { return nil }
        let bytes = try read(from: entry.streamOffset, to: entry.end)
        guard let stream = inflated(bytes, size: entry.streamSize) else { throw damaged(id) }
        guard let baseID = entry.base else { return RawObject(entry.type, stream) }
        guard let base = try object(baseID),
            let content = PackDelta.apply(stream, to: base.content)
        else { throw damaged(id) }
        return RawObject(entry.type, content)
    }

    /// Puts the pack and its index in place, on disk when this returns. Nothing happens without any
    /// objects. It can be used for nothing else afterwards.
    ///
    /// - Parameter kept: keeps it from the `git repack` of others.
    func finish(_ kept: KeptPacks) throws(Failure) {
        guard !entries.isEmpty else { return }
        try flush()
        guard let file else { return }
        try file.write(Self.header(count: entries.count), at: 0)
        let checksum = try checksum(of: file)
        try file.append(checksum)
        guard let id = ObjectID(bytes: checksum) else { return }
        // Same content, same name: what is there already has all of these objects.
        try kept.keep("pack-\(id)")
        let name = "\(folder)/pack-\(id)"
        let index = try GrowingFile(path: temporaryName("idx"))
        try index.append(PackIndex.bytes(of: entries, packChecksum: checksum))
        // The index is what makes a pack a pack: it comes last.
        try file.keep(as: "\(name).pack")
        try syncFolder(folder)
        try index.keep(as: "\(name).idx")
        try syncFolder(folder)
        self.file = nil
    }

    private func checksum(of file: GrowingFile) throws(Failure) -> [UInt8] {
        var hash = SHA1()
        var offset = 0
        while offset < file.size {
            let bytes = try file.read(at: offset, count: Self.bufferLimit)
            hash.update(bytes)
            offset += bytes.count
        }
        return hash.finish()
    }

    private func flush() throws(Failure) {
        if file == nil { file = try GrowingFile(path: temporaryName("pack")) }
        try file?.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// A name that git's own upkeep knows as left over.
    private func temporaryName(_ kind: String) -> String {
        "\(folder)/tmp_\(kind)\(Self.mark)\(processNumber())-\(monotonicNanoseconds())"
    }

    private static let mark = "_pod"

    /// Takes away what a killed process left of its packs. To be called where nobody else can be
    /// writing one: under the lock that each replay holds.
    static func clear(_ gitdir: String) {
        let folder = "\(gitdir)/objects/pack"
        for name in directoryEntries(folder) ?? []
        where ["pack", "idx"].contains(where: { name.hasPrefix("tmp_\($0)\(mark)") }) {
            try? removeFile("\(folder)/\(name)")
        }
    }

    private func read(from offset: Int, to end: Int) throws(Failure) -> [UInt8] {
        let written = file?.size ?? 0
        guard let file, offset < written else {
            return Array(buffer[offset - written..<end - written])
        }
        return try file.read(at: offset, count: end - offset)
    }

    private func damaged(_ id: ObjectID) -> Failure {
        Failure(.failed, "cannot read \(id) back from \(folder)", hint: "look at that volume")
    }

    /// What every pack begins with.
    static func header(count: Int) -> [UInt8] {
        Array("PACK".utf8) + [0, 0, 0, 2] + bigEndian(UInt32(count))
    }

    /// What stands before each object's stream.
    static func entryHeader(kind: Int, size: Int) -> [UInt8] {
        var rest = size >> 4
        var bytes = [UInt8(kind << 4 | size & 15) | (rest > 0 ? 0x80 : 0)]
        while rest > 0 {
            bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
            rest >>= 7
        }
        return bytes
    }

    /// How far back the base of a delta lies.
    private static func distance(_ distance: Int) -> [UInt8] {
        var bytes = [UInt8(distance & 0x7f)]
        var rest = distance >> 7
        while rest > 0 {
            rest -= 1
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes.reversed()
    }
}

/// The index of a pack, version 2.
enum PackIndex {
    /// Offsets beyond this stand in a table of their own.
    private static let largeOffset = 0x8000_0000

    static func bytes(of entries: [ObjectID: PackWriter.Entry], packChecksum: [UInt8]) -> [UInt8] {
        let sorted = entries.map { (name: $0.key.bytes, entry: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        var counts = [UInt32](repeating: 0, count: 256)
        for object in sorted { counts[Int(object.name[0])] += 1 }
        var bytes: [UInt8] = [0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2]
        var total: UInt32 = 0
        for count in counts {
            total += count
            bytes += bigEndian(total)
        }
        for object in sorted { bytes += object.name }
        for object in sorted { bytes += bigEndian(object.entry.checksum) }
        var large: [UInt64] = []
        for object in sorted {
            if object.entry.offset < largeOffset {
                bytes += bigEndian(UInt32(object.entry.offset))
            } else {
                bytes += bigEndian(UInt32(largeOffset) | UInt32(large.count))
                large.append(UInt64(object.entry.offset))
            }
        }
        for offset in large {
            bytes += bigEndian(UInt32(offset >> 32))
            bytes += bigEndian(UInt32(truncatingIfNeeded: offset))
        }
        bytes += packChecksum
        var hash = SHA1()
        hash.update(bytes)
        return bytes + hash.finish()
    }
}

private func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}
