// Three trees walked side by side, name by name. What all three say alike is copied in one piece.

import Model

/// The trees of one folder: as it was, and as each side has it.
struct Sides {
    let base: Tree
    let ours: Tree
    let theirs: Tree

    var areRegular: Bool { base.isRegular && ours.isRegular && theirs.isRegular }

    /// Whether a tree has a folder where `entry` is none, or the other way round. Git's order puts
    /// the two in different places, where the walk would take them for two names.
    func haveOtherKind(of entry: TreeEntry) -> Bool {
        [base, ours, theirs].contains { tree in
            tree.entry(entry.name).map { $0.isTree != entry.isTree } ?? false
        }
    }
}

/// Goes through three regular trees.
struct TreeWalk {
    /// What the trees say of one name; nil where one lacks it.
    struct Step {
        var base: TreeEntry?
        var ours: TreeEntry?
        var theirs: TreeEntry?
    }

    private let sides: Sides
    private var base = 0
    private var ours = 0
    private var theirs = 0

    init(_ sides: Sides) { self.sides = sides }

    /// The next name of which the trees do not all say the same; those before it are added to
    /// `target` as they are. Nil at the end.
    mutating func next(copyingTo target: inout [UInt8]) -> Step? {
        let run = skipEqual()
        if !run.isEmpty { target += sides.ours.content[run] }
        let entries = [
            entry(sides.base, base), entry(sides.ours, ours), entry(sides.theirs, theirs),
        ]
        guard let first = entries.compactMap({ $0 }).min(by: Self.precedes) else { return nil }
        var step = Step()
        if let entry = entries[0], Self.isSame(entry, first) {
            step.base = entry
            base += 1
        }
        if let entry = entries[1], Self.isSame(entry, first) {
            step.ours = entry
            ours += 1
        }
        if let entry = entries[2], Self.isSame(entry, first) {
            step.theirs = entry
            theirs += 1
        }
        return step
    }

    /// Goes past the entries that are the same in all three; where they lie in ours.
    private mutating func skipEqual() -> Range<Int> {
        let limit = min(
            sides.base.count - base, sides.ours.count - ours, sides.theirs.count - theirs)
        let start = ours < sides.ours.count ? sides.ours.range(ours).lowerBound : 0
        var end = start
        var count = 0
        unsafe sides.base.content.withUnsafeBytes { one in
            unsafe sides.ours.content.withUnsafeBytes { two in
                unsafe sides.theirs.content.withUnsafeBytes { three in
                    while count < limit {
                        let range = sides.ours.range(ours + count)
                        let ones = sides.base.range(base + count)
                        let threes = sides.theirs.range(theirs + count)
                        guard ones.count == range.count, threes.count == range.count,
                            unsafe Self.equal(one, ones.lowerBound, two, range),
                            unsafe Self.equal(three, threes.lowerBound, two, range)
                        else { break }
                        end = range.upperBound
                        count += 1
                    }
                }
            }
        }
        base += count
        ours += count
        theirs += count
        return start..<end
    }

    /// Compares from the end, where the ids are: that is where entries differ.
    private static func equal(
        _ one: UnsafeRawBufferPointer, _ start: Int, _ two: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) -> Bool {
        var index = range.count
        while index >= 8 {
            index -= 8
            let same =
                unsafe one.loadUnaligned(fromByteOffset: start + index, as: UInt64.self)
                == two.loadUnaligned(fromByteOffset: range.lowerBound + index, as: UInt64.self)
            guard same else { return false }
        }
        while index > 0 {
            index -= 1
            guard unsafe one[start + index] == two[range.lowerBound + index] else { return false }
        }
        return true
    }

    private func entry(_ tree: Tree, _ index: Int) -> TreeEntry? {
        index < tree.count ? tree[index] : nil
    }

    private static func isSame(_ one: TreeEntry, _ two: TreeEntry) -> Bool {
        one.name == two.name && one.isTree == two.isTree
    }

    private static func precedes(_ one: TreeEntry, _ two: TreeEntry) -> Bool {
        unsafe one.name.withUnsafeBufferPointer { oneName in
            unsafe two.name.withUnsafeBufferPointer { twoName in
                unsafe Tree.order(
                    oneName, 0..<oneName.count, one.isTree, twoName, 0..<twoName.count, two.isTree)
                    < 0
            }
        }
    }
}
