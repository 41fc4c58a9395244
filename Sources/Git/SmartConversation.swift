// What libgit2's callbacks of one operation on origin work on: our stream, and what is told
// meanwhile.

import CLibgit2
import Model
import POSIX
import Transport

/// What libgit2's callbacks of one operation work on. Lives as long as its remote.
final class SmartConversation {
    private let open: (OriginProgram) throws(OriginFailure) -> PatientStream
    private let explain: (PatientStream.Halt) -> OriginFailure
    private let settings: OriginSettings
    private var stream: PatientStream?
    /// Why our side of the transport failed, if it did.
    private(set) var failure: OriginFailure?
    /// What origin said on the side band.
    private(set) var sideband: [String] = []
    /// What origin reported of each ref; nil inside is "ok".
    private(set) var statuses: [String: String?] = [:]

    /// The most that is kept of what origin says.
    private static let sidebandLimit = 200

    private lazy var sidebandLines = LineFilter { [unowned self] line in
        settings.note?("origin: \(line)")
        sideband.append(line)
        if sideband.count > Self.sidebandLimit { sideband.removeFirst() }
    }

    init(
        _ settings: OriginSettings,
        open: @escaping (OriginProgram) throws(OriginFailure) -> PatientStream,
        explain: @escaping (PatientStream.Halt) -> OriginFailure
    ) {
        self.settings = settings
        self.open = open
        self.explain = explain
    }

    func connect(_ service: git_smart_service_t) -> Bool {
        if stream != nil { return true }
        let program: OriginProgram =
            service == GIT_SERVICE_UPLOADPACK_LS || service == GIT_SERVICE_UPLOADPACK
            ? .uploadPack : .receivePack
        do throws(OriginFailure) {
            stream = try open(program)
            return true
        } catch {
            failure = error
            return false
        }
    }

    func read(into memory: UnsafeMutableRawBufferPointer) -> Int? {
        guard let stream, failure == nil else { return nil }
        do throws(PatientStream.Halt) { return try unsafe stream.read(into: memory) } catch {
            failure = explain(error)
            return nil
        }
    }

    func write(_ bytes: [UInt8]) -> Bool {
        guard let stream, failure == nil else { return false }
        do throws(PatientStream.Halt) { try stream.write(bytes) } catch {
            failure = explain(error)
            return false
        }
        return true
    }

    func heard(_ bytes: [UInt8]) { sidebandLines.append(bytes) }

    func reported(_ name: String, _ status: String?) { statuses[name] = status }

    func made(_ progress: OriginProgress) -> Bool {
        settings.progress?(progress)
        guard settings.isCancelled?() == true else { return true }
        failure = failure ?? explain(.cancelled)
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
        unsafe callbacks.push_transfer_progress = { done, all, bytes, payload in
            let progress = OriginProgress(
                .sending, done: Int(done), total: Int(all), bytes: bytes)
            return unsafe conversation(payload)?.made(progress) == true ? 0 : -1
        }
        unsafe callbacks.push_update_reference = { name, status, payload in
            guard let name = unsafe name else { return 0 }
            let words = unsafe status.map { unsafe String(cString: $0) }
            unsafe conversation(payload)?.reported(String(cString: name), words)
            return 0
        }
    }
}
