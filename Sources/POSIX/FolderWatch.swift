// What happens in folders, told by inotify(7). The engine watches a gitdir's refs with it.

#if os(Linux)
    import Glibc
    import Model

    /// Some folders, watched one by one: not what is below them.
    public final class FolderWatch {
        /// Something that happened.
        public enum Event: Sendable, Equatable {
            /// An entry of a folder was put in place, changed or taken away.
            case entry(folder: String, name: String)
            /// A folder appeared in one that is watched.
            case folder(String)
            /// A folder is not watched any more: it was deleted, moved away or unmounted.
            case lost(String)
            /// More happened than the kernel keeps: anything may have.
            case overflow
        }

        private let file: FileDescriptor
        private var folders: [Int32: String] = [:]
        private var ids: [String: Int32] = [:]

        /// Readable when ``events()`` has something.
        public var descriptor: Int32 { file.raw }

        /// - Throws: ``Failure`` of kind `failed`, as when a user's inotify instances are used up.
        public init() throws(Failure) {
            let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
            guard descriptor >= 0 else { throw .system("watch folders") }
            file = FileDescriptor(owning: descriptor)
        }

        /// Begins to watch `folder`. Returns false if it is not there, or no folder.
        ///
        /// - Throws: ``Failure`` of kind `failed`, as when a user's inotify watches are used up.
        @discardableResult
        public func add(_ folder: String) throws(Failure) -> Bool {
            let wanted =
                IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE
                | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW
            let id = unsafe inotify_add_watch(file.raw, folder, UInt32(wanted))
            guard id >= 0 else {
                if errno == ENOENT || errno == ENOTDIR { return false }
                throw .system("watch \(folder)", hint: "raise fs.inotify.max_user_watches")
            }
            // A folder may have gone and come again under another name of ours.
            if let old = folders[id], old != folder { ids[old] = nil }
            folders[id] = folder
            ids[folder] = id
            return true
        }

        /// How many folders are watched.
        public var count: Int { ids.count }

        /// What happened since the last call. Never waits.
        public func events() throws(Failure) -> [Event] {
            var events: [Event] = []
            let buffer = ByteBuffer(capacity: 64 * 1024)
            while case .bytes = try read(file.raw, into: buffer) {
                take(buffer.takeAll(), &events)
            }
            return events
        }

        private func take(_ bytes: [UInt8], _ events: inout [Event]) {
            let header = MemoryLayout<inotify_event>.size
            var offset = 0
            while offset + header <= bytes.count {
                let event = unsafe bytes.withUnsafeBytes { memory in
                    unsafe memory.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                }
                let end = min(bytes.count, offset + header + Int(event.len))
                let name = bytes[(offset + header)..<end].prefix { $0 != 0 }
                add(event, String(decoding: name, as: UTF8.self), &events)
                offset = end
            }
        }

        private func add(_ event: inotify_event, _ name: String, _ events: inout [Event]) {
            func says(_ flag: Int) -> Bool { event.mask & UInt32(flag) != 0 }
            if says(Int(IN_Q_OVERFLOW)) { return events.append(.overflow) }
            guard let folder = folders[event.wd] else { return }
            if says(Int(IN_IGNORED)) || says(Int(IN_MOVE_SELF)) {
                folders[event.wd] = nil
                if ids[folder] == event.wd { ids[folder] = nil }
                if says(Int(IN_MOVE_SELF)) { inotify_rm_watch(file.raw, event.wd) }
                events.append(.lost(folder))
            } else if says(Int(IN_ISDIR)) {
                let isNew = says(Int(IN_CREATE)) || says(Int(IN_MOVED_TO))
                if isNew { events.append(.folder("\(folder)/\(name)")) }
            } else if !name.isEmpty {
                events.append(.entry(folder: folder, name: name))
            }
        }
    }
#endif
