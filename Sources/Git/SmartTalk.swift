// One conversation of libgit2 with an origin: connect, look, download, close.

import CLibgit2
import Model
import POSIX

/// A libgit2 remote over our transport.
@safe final class SmartTalk {
    private let origin: Origin
    private let conversation: SmartConversation
    private let scratch: ScratchRepository
    private let repository: OpaquePointer
    private let remote: OpaquePointer

    /// - Parameter tips: what a fetch offers as haves.
    init(
        _ origin: Origin, _ conversation: SmartConversation, tips: [ObjectID]
    ) throws(OriginFailure) {
        self.origin = origin
        self.conversation = conversation
        do throws(Failure) {
            scratch = try ScratchRepository(beside: origin.repository, tips: tips)
        } catch { throw OriginFailure(.unknown, error) }
        do throws(GitError) {
            unsafe repository = try Self.open(scratch.path, origin.repository.objects)
            do throws(GitError) { unsafe remote = try Self.makeRemote(repository) } catch {
                unsafe git_repository_free(repository)
                throw error
            }
        } catch { throw origin.local(error) }
    }

    deinit {
        unsafe git_remote_free(remote)
        unsafe git_repository_free(repository)
    }

    private static func open(_ path: String, _ objects: OpaquePointer) throws(GitError)
        -> OpaquePointer
    {
        var opened: OpaquePointer?
        try check("open \(path)") { unsafe git_repository_open_bare(&opened, path) }
        guard let opened = unsafe opened else { preconditionFailure("success without a handle") }
        do throws(GitError) {
            try check("borrow objects") { unsafe git_repository_set_odb(opened, objects) }
        } catch {
            unsafe git_repository_free(opened)
            throw error
        }
        return unsafe opened
    }

    private static func makeRemote(_ repository: OpaquePointer) throws(GitError) -> OpaquePointer {
        var made: OpaquePointer?
        var options = unsafe git_remote_create_options()
        unsafe git_remote_create_options_init(
            &options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION))
        unsafe options.repository = repository
        unsafe options.flags =
            GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue
            | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        // The transport knows where to go; libgit2 only wants some URL.
        try check("name origin") {
            unsafe git_remote_create_with_opts(&made, "pod://origin/", &options)
        }
        guard let made = unsafe made else { preconditionFailure("success without a handle") }
        return unsafe made
    }

    // MARK: steps

    func connect() throws(OriginFailure) {
        var options = unsafe git_remote_connect_options()
        unsafe git_remote_connect_options_init(
            &options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        unsafe conversation.install(in: &options.callbacks)
        try step("talk to it") {
            unsafe git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &options)
        }
        conversation.listed()
    }

    func close() {
        _ = unsafe git_remote_disconnect(remote)
    }

    /// Every ref that origin shows.
    func heads() throws(OriginFailure) -> [RefName: ObjectID] {
        var list: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try step("list its refs") { unsafe git_remote_ls(&list, &count, remote) }
        var heads: [RefName: ObjectID] = [:]
        for index in 0..<count {
            guard let head = unsafe list?[index]?.pointee, let text = unsafe head.name,
                let name = RefName(unsafe String(cString: text))
            else { continue }
            heads[name] = unsafe ObjectID(head.oid)
        }
        return heads
    }

    func defaultBranch() throws(OriginFailure) -> RefName? {
        var buffer = unsafe git_buf()
        defer { unsafe git_buf_dispose(&buffer) }
        let code = unsafe git_remote_default_branch(&buffer, remote)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try step("find its default branch") { code }
        return unsafe buffer.ptr.flatMap { unsafe RefName(String(cString: $0)) }
    }

    /// Has libgit2 write new objects into `incoming`, and read all there are if it borrows ours.
    private func write(into incoming: IncomingObjects, borrowing: Bool) throws(GitError) {
        var opened: OpaquePointer?
        try check("open \(incoming.path)") { unsafe git_odb_open(&opened, incoming.path) }
        defer { unsafe git_odb_free(opened) }
        try unsafe Repository.readCommitsThemselves(opened)
        if borrowing {
            try check("borrow objects") {
                unsafe git_odb_add_disk_alternate(opened, "\(origin.repository.path)/objects")
            }
        }
        try check("use \(incoming.path)") { unsafe git_repository_set_odb(repository, opened) }
    }

    /// Brings these refs' objects into the repository.
    ///
    /// - Parameter borrowing: not what is there already.
    func download(_ names: [RefName], borrowing: Bool = true) throws(OriginFailure) {
        let incoming: IncomingObjects
        do throws(Failure) { incoming = try IncomingObjects(for: origin.repository) } catch {
            throw origin.ownTrouble(error)
        }
        do throws(GitError) { try write(into: incoming, borrowing: borrowing) } catch {
            throw origin.local(error)
        }
        try download(names, into: incoming)
        try incoming.takeIn(origin)
    }

    private func download(
        _ names: [RefName], into incoming: IncomingObjects
    ) throws(OriginFailure) {
        var options = unsafe git_fetch_options()
        unsafe git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        unsafe options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        unsafe options.update_fetchhead = 0
        unsafe conversation.install(in: &options.callbacks)
        let specs = StringArray(names.map(\.description))
        try step("fetch from it") {
            unsafe specs.with { unsafe git_remote_download(remote, $0, &options) }
        }
    }

    // MARK: calling libgit2

    private func step(_ what: String, _ call: () -> Int32) throws(OriginFailure) {
        let code = call()
        guard code < 0 else { return }
        // Before anything else: libgit2's words are those of its last call.
        let error = lastError(code, "\(what): \(origin.name)")
        if let failure = conversation.failure { throw failure }
        conversation.finishSideband()
        let spoken = OriginWords(conversation.sideband)
        if error.kind == .diskFull || error.isOfFiles && spoken.reason == nil {
            throw origin.ownTrouble(
                error.kind == .diskFull ? .diskFull : nil,
                "cannot \(what): \(origin.name): \(error.detail)")
        }
        // Longer ids than libgit2 knows, or a line that tells where history ends.
        guard !error.detail.contains("parsing REF pkt-line") else {
            throw OriginFailure(
                .unknown, "\(origin.name) is a SHA-256 repository, a shallow clone, or no git",
                hint: "origin has to be a whole SHA-1 repository")
        }
        let words = OriginWords(spoken.lines + [error.detail])
        let (reason, said) = words.reason ?? (.unknown, words.telling ?? error.detail)
        throw OriginFailure(
            reason, "cannot \(what): \(origin.name): \(said)", hint: reason.hint)
    }
}
