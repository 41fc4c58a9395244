// What a git-receive-pack says of a push, cut and broken anywhere.

import Model
import PackProtocol
import TestSupport
import Testing

@Suite("What a git-receive-pack says of a push")
struct PushReportTests {
    private static let report = packets([
        "unpack ok\n", "ok refs/heads/main\n", "ng refs/heads/other hook declined, for good\n",
        "0000",
    ])
    /// A report on the side band, its packets cut where the band's packets end.
    private static let banded =
        band(2, "Checking\rChecking done\n") + band(1, "") + band(1, report[..<7])
        + band(2, "late word") + band(1, report[7...])
    private static let chatter = band(2, "mail sent\n") + band(1, "")

    private static func band(_ number: UInt8, _ bytes: some Collection<UInt8>) -> [UInt8] {
        (try? PacketLine.encode([number] + bytes)) ?? []
    }

    private static func band(_ number: UInt8, _ text: String) -> [UInt8] {
        band(number, Array(text.utf8))
    }

    /// What was wrong with `bytes`; nil if nothing was.
    private static func take(_ bytes: [UInt8], _ report: inout PushReport) -> String? {
        do throws(PushProtocolError) { try unsafe report.take(bytes.span.bytes) } catch {
            return error.said
        }
        return nil
    }

    /// Takes `pieces` in, and tells all that came of it.
    private func read(_ pieces: [[UInt8]], sideband: Bool = true) -> String {
        var report = PushReport(
            offered: sideband ? ["report-status", "side-band-64k"] : ["report-status"])
        var words: [UInt8] = []
        var fault = ""
        for piece in pieces where fault.isEmpty {
            do { try unsafe report.take(piece.span.bytes) } catch {
                fault = " error: \(error.said)"
            }
            words += report.takeWords()
        }
        let statuses = report.statuses.map { "\($0.key): \($0.value)" }.sorted()
        return
            "\(statuses) \(report.unpackError ?? "-") \(report.hasReport) \(report.isComplete) "
            + String(decoding: words, as: UTF8.self) + fault
    }

    private let expected =
        #"["refs/heads/main: ok", "refs/heads/other: refused(\"hook declined, for good\")"] -"#

    @Test("is what became of each ref, with what hooks wrote meanwhile")
    func banded() {
        let words = "Checking\rChecking done\nlate word"
        #expect(read([Self.banded]) == "\(expected) true false \(words)")
        let whole = Self.banded + Self.chatter + packets(["0000"]) + Array("more".utf8)
        #expect(read([whole]) == "\(expected) true true \(words)mail sent\n")
    }

    @Test("is the same without a side band")
    func plain() {
        #expect(read([Self.report], sideband: false) == "\(expected) true true ")
        #expect(
            read([Self.report + Array("more".utf8)], sideband: false) == "\(expected) true true ")
    }

    @Test("is the same wherever it is cut, and nothing before its end", arguments: [true, false])
    func cut(sideband: Bool) {
        let stream = sideband ? Self.banded + Self.chatter + packets(["0000"]) : Self.report
        let whole = read([stream], sideband: sideband)
        let end = sideband ? Self.banded.count : stream.count
        for offset in 0...stream.count {
            let pieces = [Array(stream[..<offset]), Array(stream[offset...])]
            #expect(read(pieces, sideband: sideband) == whole)
            var report = PushReport(offered: sideband ? ["side-band-64k"] : [])
            #expect(Self.take(pieces[0], &report) == nil)
            #expect(report.hasReport == (offset >= end), "cut at \(offset)")
            #expect(report.isComplete == (offset == stream.count), "cut at \(offset)")
        }
        #expect(read(stream.map { [$0] }, sideband: sideband) == whole)
    }

    @Test("may be that the pack was not taken")
    func unpack() {
        let report = packets([
            "unpack index-pack abnormal exit\n", "ng refs/heads/main unpacker error\n", "0000",
        ])
        #expect(
            read([report], sideband: false)
                == #"["refs/heads/main: refused(\"unpacker error\")"] index-pack abnormal exit true true "#
        )
    }

    @Test("begins with what became of the pack, and says that once")
    func order() {
        for lines in [
            ["ok refs/heads/main\n"], ["ng refs/heads/main no\n", "unpack ok\n"],
            ["unpack failed\n", "unpack ok\n"],
        ] {
            let found = read([packets(lines + ["0000"])], sideband: false)
            #expect(found.contains(" error: "), "\(found)")
        }
    }

    @Test("of a ref that was refused stays that, whatever else is said of it")
    func twoWords() {
        let words = ["ng refs/heads/main no\n", "ok refs/heads/main\n"]
        for words in [words, words.reversed()] {
            let found = read([packets(["unpack ok\n"] + words + ["0000"])], sideband: false)
            #expect(found.contains(#"refs/heads/main: refused(\"no\")"#), "\(found)")
        }
    }

    @Test("tells names apart that only look the same")
    func spellings() {
        let report = packets([
            "unpack ok\n", "ok refs/heads/\u{e9}\n", "ng refs/heads/e\u{301} no\n",
        ])
        let found = read([report + packets(["0000"])], sideband: false)
        #expect(found.contains("ok") && found.contains("refused"), "\(found)")
    }

    @Test("leaves a ref out of which it says nothing, and needs no reason")
    func sparse() {
        let report = packets(["unpack ok", "ng refs/heads/main", "option refname x\n", "0000"])
        #expect(
            read([report], sideband: false)
                == #"["refs/heads/main: refused(\"no reason given\")"] - true true "#)
    }

    @Test("is an error if it ends before there is a report")
    func early() {
        for stream in [packets(["0000"]), Self.band(1, "") + packets(["0000"])] {
            #expect(read([stream]).contains("error: the end of its answer"))
        }
        #expect(read([Self.band(3, "out of memory\n")]).contains("error: \"out of memory"))
        #expect(read([Self.band(4, "x")]).contains("error: a band that is none"))
        #expect(read([packets([""])]).contains("error: a band that is none"))
        for packet in ["0001", "0002"] {
            #expect(read([Array(packet.utf8)]).contains("error: a packet of protocol v2"))
            #expect(read([Self.band(1, packet)]).contains("error: a packet of protocol v2"))
        }
        for line in ["", "ok", "ok ", "unpack", "ng", "OK refs/heads/main", "ok a b"] {
            let found = read([packets([line])], sideband: false)
            #expect(found.contains("error: ") || line == "ok ", "\(line): \(found)")
        }
    }

    @Test("without end is given up")
    func endless() {
        let line = packets(["ok refs/heads/" + String(repeating: "x", count: 60_000)])
        var report = PushReport(offered: ["side-band-64k"])
        #expect(Self.take(Self.band(1, packets(["unpack ok"])), &report) == nil)
        let many = PushReport.maximumLength / line.count + 1
        let faults = (0...many).compactMap { _ in Self.take(Self.band(1, line), &report) }
        #expect(faults.first == "a report without end")
    }

    @Test("and what came before it may be anything at all", arguments: 0..<8)
    func mutated(seed: Int) {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let advertisement = packets([
            "\(oid) refs/heads/main\0report-status side-band-64k\n", "\(otherOid) .have\n", "0000",
        ])
        let streams = [advertisement, Self.report, Self.banded + Self.chatter + packets(["0000"])]
        for _ in 0..<1500 {
            let index = Int.random(in: 0..<streams.count, using: &numbers)
            var stream = streams[index]
            for _ in 0...Int.random(in: 0..<4, using: &numbers) { mutate(&stream, &numbers) }
            let cut = Int.random(in: 0...stream.count, using: &numbers)
            for piece in [Array(stream[..<cut]), Array(stream[cut...])] {
                // Not to end is all that it could get wrong.
                var first = PushAdvertisement(of: [RefName("refs/heads/main")!])
                _ = try? unsafe first.take(piece.span.bytes)
                for offered: Set in [["side-band-64k"], ["report-status"]] {
                    var report = PushReport(offered: offered)
                    let fault = Self.take(piece, &report)
                    #expect(report.hasReport || !report.isComplete || fault != nil)
                }
            }
        }
    }

    private func mutate(_ stream: inout [UInt8], _ numbers: inout SeededNumbers) {
        let place = Int.random(in: 0..<max(1, stream.count), using: &numbers)
        guard place < stream.count else { return }
        switch Int.random(in: 0..<5, using: &numbers) {
        case 0: stream[place] = UInt8.random(in: 0...255, using: &numbers)
        case 1: stream[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
        case 2: stream.removeSubrange(place..<min(stream.count, place + 3))
        case 3: stream.insert(contentsOf: stream[..<place], at: place)
        default: stream.insert(UInt8(ascii: "0"), at: place)
        }
    }
}
