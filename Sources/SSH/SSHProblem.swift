// Why an SSH connection could not be had: either nobody could, or this libssh2 cannot.

import Model

/// What stands in the way of a session.
public enum SSHProblem: Error, Sendable, Equatable {
    /// libssh2 lacks something that OpenSSH has; named as an end to "libssh2 cannot do …".
    /// Whoever has an `ssh` may try it with that.
    case beyondLibrary(String)
    /// A refusal or a fault that no other client would fare better with.
    case failure(Failure)
}
