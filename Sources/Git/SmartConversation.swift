// What libgit2's callbacks of one operation on origin work on: our stream, and what is told
// meanwhile.

import CLibgit2
import Model
import POSIX
import Transport

/// What libgit2's callbacks of one operation work on. Lives as long as its remote.
final class SmartConversation {
    private let open: () throws(OriginFailure) -> SSHService
    private let settings: OriginSettings
    private var service: SSHService?
    private var stream: PatientStream?
    /// Why our side of the transport failed, if it did.
    private(set) var failure: OriginFailure?
    /// What origin said on the side band.
    private(set) var sideband: [String] = []

    /// Until when origin's refs have to be there, and how many bytes may still come before; nil: they
    /// are there.
    private var listing: (by: Deadline, left: Int)?

    /// The most that is kept of what origin says.
    private static let sidebandLimit = 200

    private lazy var sidebandLines = LineFilter { [unowned self] line in
        settings.note?("origin: \(line)")
        sideband.append(line)
        if sideband.count > Self.sidebandLimit { sideband.removeFirst() }
    }

    init(_ settings: OriginSettings, open: @escaping () throws(OriginFailure) -> SSHService) {
        self.settings = settings
        self.open = open
    }

    func connect() -> Bool {
        if stream != nil { return true }
        let deadline = Deadline.after(settings.operationTimeout)
        do throws(OriginFailure) {
            let service = try open()
            self.service = service
            listing = (.after(OriginSettings.longestListing), OriginSettings.largestListing)
            stream = PatientStream(
                service.stream,
                limits: .init(
                    idle: settings.idleTimeout, deadline: deadline,
                    isCancelled: settings.isCancelled))
            return true
        } catch {
            failure = error
            return false
        }
    }

    func read(into memory: UnsafeMutableRawBufferPointer) -> Int? {
        guard let stream, failure == nil else { return nil }
        do throws(PatientStream.Halt) {
            let count = try unsafe stream.read(into: memory)
            listing?.left -= count
            guard let listing, listing.left < 0 || listing.by.hasPassed else { return count }
            failure = OriginFailure(
                .timeout, "\(settings.url) lists refs without end", hint: "look at origin")
            return nil
        } catch {
            failure = service?.explain(error)
            return nil
        }
    }

    /// All refs are listed.
    func listed() { listing = nil }

    func write(_ bytes: [UInt8]) -> Bool {
        guard let stream, failure == nil else { return false }
        do throws(PatientStream.Halt) { try stream.write(bytes) } catch {
            failure = service?.explain(error)
            return false
        }
        return true
    }

    func heard(_ bytes: [UInt8]) { sidebandLines.append(bytes) }

    func made(_ progress: OriginProgress) -> Bool {
        settings.progress?(progress)
        guard settings.isCancelled?() == true else { return true }
        failure = failure ?? service?.explain(.cancelled)
        return false
    }

    /// Whatever came without a line's end.
    func finishSideband() { sidebandLines.finish() }

    /// Callbacks that work on this conversation, which must outlive their remote.
    func install(in callbacks: inout git_remote_callbacks) {
        unsafe callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        unsafe callbacks.transport = makeTransport
        unsafe callbacks.sideband_progress = { text, count, payload in
            guard let text = unsafe text else { return 0 }
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: Int(count))
            unsafe conversation(payload)?.heard(Array(bytes))
            return 0
        }
        unsafe callbacks.transfer_progress = { stats, payload in
            guard let stats = unsafe stats?.pointee else { return 0 }
            let all = Int(stats.total_objects)
            let isWhole = stats.received_objects == stats.total_objects && stats.total_deltas > 0
            let progress =
                isWhole
                ? OriginProgress(
                    .resolving, done: Int(stats.indexed_deltas), total: Int(stats.total_deltas),
                    bytes: stats.received_bytes)
                : OriginProgress(
                    .receiving, done: Int(stats.received_objects), total: all,
                    bytes: stats.received_bytes)
            return unsafe conversation(payload)?.made(progress) == true ? 0 : -1
        }
    }
}
