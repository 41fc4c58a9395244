// The content of one file that both sides changed, where its merge is certain whatever way of
// comparing is used. TreeMerge calls it; what it leaves alone is merged by git.
//
// Why that is safe. Cut off the lines that base and one side begin and end with alike: what is left
// in the middle is that side's change, if no line of it appears outside of it, on either side, and
// if each part that was cut off has a line that base has only once. Then no comparison by lines can
// pair a line of the middle with one outside, nor slide the change beyond its ends, and git's
// (histogram, which pairs the rarest lines first) finds those single lines before any other. Two
// such changes with an unchanged line between them are what git merges without a conflict.

/// Three versions of a file.
enum LineMerge {
    /// Larger files are git's to merge, in bytes.
    static let sizeLimit = 4 << 20
    /// Git takes a file for binary if there is a zero in so many bytes at its front.
    private static let binaryProbe = 8000

    /// What one side did: lines of the base, and what stands in their place.
    private struct Change {
        let lines: Range<Int>
        let place: Range<Int>
    }

    /// Both changes in one; nil where that is not certain.
    static func merge(base: [UInt8], ours: [UInt8], theirs: [UInt8]) -> [UInt8]? {
        let files = [base, ours, theirs]
        let isText = files.allSatisfy {
            $0.last == UInt8(ascii: "\n") && !$0.prefix(binaryProbe).contains(0)
        }
        guard isText else { return nil }
        let baseLines = Lines(base)
        guard let our = change(baseLines, Lines(ours)), let their = change(baseLines, Lines(theirs))
        else { return nil }
        let (first, second, early, late): (Change, Change, [UInt8], [UInt8])
        if our.lines.upperBound < their.lines.lowerBound {
            (first, second, early, late) = (our, their, ours, theirs)
        } else if their.lines.upperBound < our.lines.lowerBound {
            (first, second, early, late) = (their, our, theirs, ours)
        } else {
            return nil
        }
        // The early side as far as its change goes, the base between, the late side from there on.
        let between = baseLines.bytes(first.lines.upperBound..<second.lines.lowerBound)
        let front = Lines(early).bytes(0..<first.place.upperBound)
        let rest = Lines(late)
        return Array(front) + between + rest.bytes(second.place.lowerBound..<rest.count)
    }

    private static func change(_ base: Lines, _ side: Lines) -> Change? {
        let limit = min(base.count, side.count)
        var front = 0
        while front < limit, base[front] == side[front] { front += 1 }
        var back = 0
        while back < limit - front, base[base.count - 1 - back] == side[side.count - 1 - back] {
            back += 1
        }
        let change = Change(
            lines: front..<base.count - back, place: front..<side.count - back)
        var outside: [ArraySlice<UInt8>: Int] = [:]
        for index in 0..<base.count where !change.lines.contains(index) {
            outside[base[index], default: 0] += 1
        }
        let staysInside =
            change.lines.allSatisfy { outside[base[$0]] == nil }
            && change.place.allSatisfy { outside[side[$0]] == nil }
        guard staysInside else { return nil }
        let anchors = [0..<front, base.count - back..<base.count].allSatisfy { part in
            part.isEmpty || part.contains { outside[base[$0]] == 1 }
        }
        return anchors ? change : nil
    }
}

/// A file's lines, each with its end.
private struct Lines {
    private let content: [UInt8]
    private var ends: [Int] = []

    init(_ content: [UInt8]) {
        self.content = content
        for index in content.indices where content[index] == UInt8(ascii: "\n") {
            ends.append(index + 1)
        }
    }

    var count: Int { ends.count }

    subscript(index: Int) -> ArraySlice<UInt8> { bytes(index..<index + 1) }

    func bytes(_ lines: Range<Int>) -> ArraySlice<UInt8> {
        let start = lines.lowerBound == 0 ? 0 : ends[lines.lowerBound - 1]
        let end = lines.upperBound == 0 ? 0 : ends[lines.upperBound - 1]
        return content[start..<end]
    }
}
