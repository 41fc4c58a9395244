// The controlling terminal, for the one question that is ever asked on it.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Whether this process has a controlling terminal.
public func hasTerminal() -> Bool {
    let descriptor = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
}

/// Asks on the terminal without showing what is typed. Nil if it was broken off or there is none.
///
/// Signals from the keyboard are off meanwhile, and those that end a process wait until the terminal
/// is as it was, so that no way out leaves it mute.
public func readSecretFromTerminal(_ prompt: String) -> String? {
    let number = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard number >= 0 else { return nil }
    let terminal = FileDescriptor(owning: number)
    guard waitForForeground(terminal.raw) else { return nil }
    var before = termios()
    guard unsafe tcgetattr(terminal.raw, &before) == 0 else { return nil }
    var ending = signalSet(endingSignals)
    var blocked = sigset_t()
    unsafe pthread_sigmask(SIG_BLOCK, &ending, &blocked)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &blocked, nil) }
    var mute = before
    mute.c_lflag &= ~tcflag_t(ECHO | ISIG)
    guard unsafe tcsetattr(terminal.raw, TCSAFLUSH, &mute) == 0 else { return nil }
    defer {
        unsafe tcsetattr(terminal.raw, TCSAFLUSH, &before)
        writeAll("\n", to: terminal.raw)
    }
    writeAll(prompt, to: terminal.raw)
    let buffer = ByteBuffer(capacity: 4096)
    guard waitForLine(terminal.raw), case .bytes = try? read(terminal.raw, into: buffer) else {
        return nil
    }
    let line = buffer.takeAll()
    let brokenOff: [UInt8] = [3, 4, 28]
    guard let end = line.firstIndex(of: UInt8(ascii: "\n")),
        !line.contains(where: brokenOff.contains)
    else { return nil }
    return String(decoding: line[..<end], as: UTF8.self)
}

/// What may end us while the terminal is mute.
private let endingSignals = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]

private func signalSet(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
}

/// Waits until a line was typed; false once a signal that ends us has come, which waits for its turn.
private func waitForLine(_ terminal: Int32) -> Bool {
    let attention = Duration.milliseconds(100)
    while true {
        if (try? wait(for: terminal, reading: true, until: .after(attention))) != false {
            return true
        }
        var pending = sigset_t()
        unsafe sigpending(&pending)
        if endingSignals.contains(where: { unsafe sigismember(&pending, $0) == 1 }) { return false }
    }
}

/// Stops our whole job, as the terminal would at a read, until the user brings it to the foreground:
/// before that the terminal's modes are the shell's own, and none to put back later. False if that
/// never happens, as nobody can bring us there.
private func waitForForeground(_ terminal: Int32) -> Bool {
    let tries = 100
    for _ in 0..<tries {
        if tcgetpgrp(terminal) == getpgrp() { return true }
        kill(0, SIGTTIN)
    }
    return tcgetpgrp(terminal) == getpgrp()
}
