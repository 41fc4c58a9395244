// Trees as git stores them: entries of mode, name and id, in git's order.

import Model

/// One entry of a tree.
struct TreeEntry: Equatable {
    let mode: UInt32
    let name: [UInt8]
    let id: ObjectID

    var isTree: Bool { mode == Mode.tree }
    /// A file that is no link: its content can be merged.
    var isFile: Bool { mode == Mode.file || mode == Mode.executable }
}

/// The modes that git writes.
enum Mode {
    static let tree: UInt32 = 0o040000
    static let file: UInt32 = 0o100644
    static let executable: UInt32 = 0o100755
    static let link: UInt32 = 0o120000
    static let submodule: UInt32 = 0o160000
}

/// A tree's bytes, and where each entry ends.
struct Tree {
    let content: [UInt8]
    private let ends: [Int32]
    /// Every mode is one that git writes, and the names are in git's order: what most trees are, and
    /// what merging by walking needs.
    let isRegular: Bool

    /// Folders in each other that are gone through, which is git's own limit.
    static let deepest = 2048

    static let empty = Tree(content: [], ends: [], isRegular: true)

    private init(content: [UInt8], ends: [Int32], isRegular: Bool) {
        self.content = content
        self.ends = ends
        self.isRegular = isRegular
    }

    /// Nil if these bytes are no tree.
    init?(_ content: [UInt8]) {
        var ends: [Int32] = []
        ends.reserveCapacity(content.count / 32)
        let isWhole = unsafe content.withUnsafeBufferPointer { bytes in
            var position = 0
            while position < bytes.count {
                while position < bytes.count, unsafe bytes[position] != 0 { position += 1 }
                position += 1 + ObjectID.size
                ends.append(Int32(truncatingIfNeeded: position))
            }
            return position == bytes.count
        }
        guard isWhole, content.count < Int(Int32.max) else { return nil }
        let draft = Tree(content: content, ends: ends, isRegular: false)
        self.init(content: content, ends: ends, isRegular: draft.looksRegular)
    }

    var count: Int { ends.count }

    /// Where entry `index` lies in ``content``.
    func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    subscript(index: Int) -> TreeEntry? {
        let range = range(index)
        let idStart = range.upperBound - ObjectID.size
        guard let space = content[range].firstIndex(of: UInt8(ascii: " ")), space < idStart - 1,
            let id = ObjectID(bytes: content[idStart..<range.upperBound])
        else { return nil }
        var mode: UInt32 = 0
        for digit in content[range.lowerBound..<space] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
            mode = mode << 3 | UInt32(digit - UInt8(ascii: "0"))
        }
        return TreeEntry(mode: mode, name: Array(content[space + 1..<idStart - 1]), id: id)
    }

    /// The entry called `name`; nil if there is none.
    func entry(_ name: [UInt8]) -> TreeEntry? {
        // Names are short and this is asked seldom: look for the bytes, then read that entry.
        for index in 0..<count {
            let range = range(index)
            let nameEnd = range.upperBound - ObjectID.size - 1
            guard nameEnd - name.count > range.lowerBound,
                content[nameEnd - name.count - 1] == UInt8(ascii: " "),
                content[nameEnd - name.count..<nameEnd].elementsEqual(name)
            else { continue }
            return self[index]
        }
        return nil
    }

    var entries: [TreeEntry] { (0..<count).compactMap { self[$0] } }

    private var looksRegular: Bool {
        unsafe content.withUnsafeBufferPointer { bytes in
            var last = 0..<0
            var lastIsTree = false
            for index in 0..<count {
                let range = self.range(index)
                guard let (space, isTree) = unsafe Self.modeEnd(bytes, range) else {
                    return false
                }
                let name = space + 1..<range.upperBound - ObjectID.size - 1
                guard !name.isEmpty else { return false }
                if index > 0 {
                    let order = unsafe Self.order(
                        bytes, last, lastIsTree, bytes, name, isTree)
                    guard order < 0 else { return false }
                }
                (last, lastIsTree) = (name, isTree)
            }
            return true
        }
    }

    /// Where the mode at the front of `range` ends, if it is one of ``Mode``.
    private static func modeEnd(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) -> (space: Int, isTree: Bool)? {
        var mode: UInt32 = 0
        var position = range.lowerBound
        guard unsafe bytes[position] != UInt8(ascii: "0") else { return nil }
        while position < range.upperBound, unsafe bytes[position] != UInt8(ascii: " ") {
            mode = unsafe mode << 3 | UInt32(bytes[position] & 7)
            position += 1
        }
        switch mode {
        case Mode.tree: return (position, true)
        case Mode.file, Mode.executable, Mode.link, Mode.submodule: return (position, false)
        default: return nil
        }
    }

    /// Git's order of two names in one tree: a folder sorts as if its name ended with a slash.
    static func order(
        _ one: UnsafeBufferPointer<UInt8>, _ oneName: Range<Int>, _ oneIsTree: Bool,
        _ two: UnsafeBufferPointer<UInt8>, _ twoName: Range<Int>, _ twoIsTree: Bool
    ) -> Int {
        let shared = min(oneName.count, twoName.count)
        for index in 0..<shared {
            let first = unsafe one[oneName.lowerBound + index]
            let second = unsafe two[twoName.lowerBound + index]
            if first != second { return Int(first) - Int(second) }
        }
        func next(_ bytes: UnsafeBufferPointer<UInt8>, _ name: Range<Int>, _ isTree: Bool) -> Int {
            if name.count > shared { return unsafe Int(bytes[name.lowerBound + shared]) }
            return isTree ? Int(UInt8(ascii: "/")) : 0
        }
        return unsafe next(one, oneName, oneIsTree) - next(two, twoName, twoIsTree)
    }
}
