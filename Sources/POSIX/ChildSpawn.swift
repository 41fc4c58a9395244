// posix_spawn for ChildProcess: descriptors, signals, environment.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension ChildProcess {
    /// Starts the program with `standard` as its descriptors 0, 1 and 2; nil is `/dev/null`.
    ///
    /// Every other descriptor of ours is close-on-exec. The child gets the default action for
    /// SIGPIPE and an empty signal mask.
    static func spawn(
        _ arguments: [String], _ environment: [EnvironmentEntry]?, _ standard: [Int32?],
        leadsGroup: Bool
    ) throws(Failure) -> pid_t {
        #if canImport(Glibc)
            var actions = unsafe posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }

        for (target, source) in zip(Int32(0)..., standard) {
            if let source {
                unsafe posix_spawn_file_actions_adddup2(&actions, source, target)
            } else {
                unsafe posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            }
        }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        if leadsGroup {
            unsafe posix_spawnattr_setpgroup(&attributes, 0)
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
        }
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var process: pid_t = 0
        let code = unsafe withCStrings(arguments.map { Array($0.utf8) }) { argv in
            guard let environment else {
                return unsafe posix_spawnp(
                    &process, arguments[0], &actions, &attributes, argv, environ)
            }
            return unsafe withCStrings(environment.map(\.bytes)) { envp in
                unsafe posix_spawnp(&process, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw cannotRun(arguments[0], code) }
        return process
    }

    static func cannotRun(_ program: String, _ code: Int32) -> Failure {
        let kind: FailureKind = code == ENOENT || code == EACCES ? .configuration : .failed
        return .system(
            "run \"\(program)\"", kind: kind, code: code,
            hint: code == ENOENT ? "install it, or put it on PATH" : nil)
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [[UInt8]],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies =
        unsafe strings.map { bytes in
            unsafe (bytes + [0]).withUnsafeBytes {
                unsafe strdup($0.bindMemory(to: CChar.self).baseAddress!)
            }
        } + [nil]
    defer { for index in unsafe copies.indices { unsafe free(copies[index]) } }
    return unsafe body(copies)
}
