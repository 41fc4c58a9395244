// A stream that ends too early, wherever it does: git has everything, or fails. bin/soak tries more
// offsets.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A stream that is cut costs nothing but the fetch")
struct CutStreamTests {
    static let soak = environmentVariable("GIT_POD_SOAK")

    @Test(
        "at every byte from the pod and to it, with a carrier that claims success",
        arguments: ["--cut-down", "--cut-up"], [0, 2])
    func everywhere(fault: String, version: Int) throws {
        let tiny = try TinyPod()
        let whole = try tiny.record(version: version)
        let length = (fault == "--cut-down" ? whole.down : whole.up).count
        #expect(length > 100)
        for offset in 0..<length {
            let problem = try tiny.problem(version: version, fault: fault, at: offset)
            #expect(problem == nil)
        }
    }

    @Test(
        "over ssh, at each packet line's end and a byte before and after", arguments: Way.ssh,
        [0, 2])
    func overSSH(way: Way, version: Int) throws {
        let tiny = try TinyPod()
        let whole = try tiny.record(version: version)
        let server = try tiny.serve(by: way)
        defer { withExtendedLifetime(server) {} }
        for (fault, stream) in [("--cut-down", whole.down), ("--cut-up", whole.up)] {
            let offsets = Self.offsets(in: stream, way: way)
            #expect(offsets.count >= 4)
            for offset in offsets {
                let problem = try tiny.problem(version: version, fault: fault, at: offset)
                #expect(problem == nil)
            }
        }
    }

    /// Where to cut: `ssh` takes its time to start, so the bytes beside the boundaries are left to
    /// our own client.
    private static func offsets(in stream: [UInt8], way: Way) -> [Int] {
        switch soak {
        case "all": return Array(0..<stream.count)
        case .some: return Array(stride(from: 0, to: stream.count, by: 7))
        case nil:
            let boundaries = packetBoundaries(in: stream)
            let around = way == .libssh2 ? boundaries.flatMap { [$0 - 1, $0, $0 + 1] } : boundaries
            return Set(around).filter { (0..<stream.count).contains($0) }.sorted()
        }
    }

    @Test("by the network, anywhere in the SSH connection", arguments: Way.ssh)
    func network(way: Way) throws {
        let served = try ServedPod()
        let calm = try LagProxy(to: served.server.port)
        try served.name("calm", way: way, port: calm.port)
        try served.git("fetch", "-q", "calm")
        let (up, down) = (calm.traffic.up, calm.traffic.down)
        #expect(up > 1000 && down > 1000, "\(up), \(down)")
        let copy = served.pod.folder.file("copy")
        let steps = Self.soak == nil ? 12 : 200
        for step in 0..<steps {
            for faults in [
                LagProxy.Faults(cutDown: down * step / steps),
                LagProxy.Faults(cutUp: up * step / steps),
            ] {
                let proxy = try LagProxy(to: served.server.port, faults: faults)
                try served.name("cut\(proxy.port)", way: way, port: proxy.port)
                let cloned = try served.attempt(
                    "clone", "-q", "--bare", "pod://cut\(proxy.port)", copy)
                #expect(!cloned.timedOut, "\(faults)")
                if cloned.succeeded {
                    // Only the connection's own farewell was lost.
                    #expect(
                        try served.pod.refs(in: copy, below: "refs/heads/") == served.branches())
                    try served.pod.home.git("fsck", at: copy)
                    try run(["rm", "-rf", copy]).check()
                } else {
                    #expect(fileStatus(copy) == nil)
                    #expect(
                        cloned.errors.contains("git-remote-pod: "), "\(faults): \(cloned.errors)")
                }
            }
        }
    }
}
