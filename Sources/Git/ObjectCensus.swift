// How a repository's objects lie on its volume: loose ones, packs, and what of these a repack would write
// anew. The engine's upkeep counts them now and then.

import Model
import POSIX

/// Counts of one gitdir's own objects. What others add meanwhile may be missing.
public struct ObjectCensus: Sendable, Equatable {
    /// Objects in files of their own.
    public private(set) var loose = 0
    /// Packs that nobody has marked to be kept.
    public private(set) var packs = 0
    /// An estimate of the bytes that a repack writes.
    public private(set) var bytesToWrite: Int64 = 0

    /// Packs are left alone from where each has at least so many times the objects of all before it.
    static let factor = 2

    /// A pack's index of version 2: what it has beside 28 bytes an object (gitformat-pack(5)).
    private static let indexBytes: Int64 = 1072
    private static let indexBytesPerObject: Int64 = 28

    public init(gitdir: String) {
        let objects = "\(gitdir)/objects"
        var looseBytes: Int64 = 0
        for name in directoryEntries(objects) ?? [] where Self.isFanOut(name) {
            for object in directoryEntries("\(objects)/\(name)") ?? []
            where object.utf8.count == 38 {
                loose += 1
                // One status for each of thousands of files costs more than their size is worth.
                if loose <= Self.sampled {
                    looseBytes += fileStatus("\(objects)/\(name)/\(object)")?.size ?? 0
                }
            }
        }
        if loose > Self.sampled { looseBytes = looseBytes / Int64(Self.sampled) * Int64(loose) }
        bytesToWrite = looseBytes
        count(packsIn: "\(objects)/pack")
    }

    private static let sampled = 500

    private static func isFanOut(_ name: String) -> Bool {
        name.utf8.count == 2 && name.utf8.allSatisfy { $0 > 0x2f && $0 < 0x67 }
    }

    private mutating func count(packsIn folder: String) {
        let entries = Set(directoryEntries(folder) ?? [])
        var found: [(objects: Int64, bytes: Int64)] = []
        for entry in entries where entry.hasPrefix("pack-") && entry.hasSuffix(".pack") {
            let stem = entry.dropLast(".pack".count)
            guard !entries.contains("\(stem).keep"), entries.contains("\(stem).idx"),
                let index = fileStatus("\(folder)/\(stem).idx"),
                let pack = fileStatus("\(folder)/\(entry)")
            else { continue }
            let objects = max(0, index.size - Self.indexBytes) / Self.indexBytesPerObject
            found.append((objects, pack.size))
        }
        packs = found.count
        bytesToWrite += Self.rolledUp(found.sorted { $0.objects < $1.objects })
    }

    /// The bytes of the packs that become one: `packs` in the order of their objects, as
    /// git-repack(1) tells it of `--geometric`.
    private static func rolledUp(_ packs: [(objects: Int64, bytes: Int64)]) -> Int64 {
        var split = max(0, packs.count - 1)
        while split > 0, packs[split].objects >= Int64(factor) * packs[split - 1].objects {
            split -= 1
        }
        // The one at which it breaks is rolled up with those before it.
        if split > 0 { split += 1 }
        var total = packs[..<split].reduce(0) { $0 + $1.objects }
        while split > 0, split < packs.count, packs[split].objects < Int64(factor) * total {
            total += packs[split].objects
            split += 1
        }
        return packs[..<split].reduce(0) { $0 + $1.bytes }
    }
}
