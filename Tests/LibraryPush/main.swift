// library-push: pushes as a program does that leaves them to libgit2, for benchmarks to compare with.
//
//     library-push GITDIR KEY
//
// For each line of its input it pushes main to origin over a connection of its own, and prints a line.

import CLibgit2
import Model
import POSIX

/// What libgit2 calls back for: the key's file, and whatever host key origin has.
func answers(_ key: UnsafeMutablePointer<CChar>) -> git_remote_callbacks {
    var answers = unsafe git_remote_callbacks()
    unsafe git_remote_init_callbacks(&answers, UInt32(GIT_REMOTE_CALLBACKS_VERSION))
    unsafe answers.payload = UnsafeMutableRawPointer(key)
    unsafe answers.certificate_check = { _, _, _, _ in 0 }
    unsafe answers.credentials = { out, _, user, _, payload in
        unsafe git_credential_ssh_key_new(
            out, user, nil, payload?.assumingMemoryBound(to: CChar.self), nil)
    }
    unsafe answers.push_update_reference = { _, refused, _ in unsafe refused == nil ? 0 : -1 }
    return unsafe answers
}

func check(_ code: Int32, _ what: String) {
    guard code < 0 else { return }
    let words = unsafe git_error_last().map { unsafe String(cString: $0.pointee.message) }
    writeAll("library-push: \(what): \(words ?? "\(code)")\n", to: 2)
    exit(with: .failed)
}

/// One push over a connection of its own.
func push(_ repository: OpaquePointer, _ options: inout git_push_options) {
    var remote: OpaquePointer?
    check(unsafe git_remote_lookup(&remote, repository, "origin"), "origin")
    defer { unsafe git_remote_free(remote) }
    let pushed = unsafe "refs/heads/main".withCString { name in
        var name: UnsafeMutablePointer<CChar>? = unsafe UnsafeMutablePointer(mutating: name)
        return unsafe withUnsafeMutablePointer(to: &name) { names in
            var list = unsafe git_strarray(strings: names, count: 1)
            return unsafe git_remote_push(remote, &list, &options)
        }
    }
    check(pushed, "the push")
}

guard CommandLine.arguments.count == 3 else {
    writeAll("usage: library-push GITDIR KEY\n", to: 2)
    exit(with: .configuration)
}
git_libgit2_init()
var repository: OpaquePointer?
check(unsafe git_repository_open_bare(&repository, CommandLine.arguments[1]), "the repository")
var options = unsafe git_push_options()
unsafe git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
unsafe CommandLine.arguments[2].withCString { key in
    unsafe options.callbacks = answers(UnsafeMutablePointer(mutating: key))
    while readLine() != nil {
        if let repository = unsafe repository { unsafe push(repository, &options) }
        writeAll("done\n", to: 1)
    }
}
