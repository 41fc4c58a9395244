// From the engine's settings to what the operations on origin are told.

import EngineCore
import Git
import Model
import POSIX
import Transport

extension Engine {
    /// - Throws: ``Failure`` of kind `configuration` if nothing says where origin is.
    func originSettings() throws(Failure) -> OriginSettings { OriginSettings() }
}

extension PushFailureReason {
    /// What a person should do about it.
    var hint: String {
        switch self {
        case .nonFastForward: "run git pod reconcile: origin has commits that are not here"
        case .rejected: "see what origin's hooks and branch protection want"
        case .authentication: "check the deploy key or token, and that origin knows it"
        case .readOnlyKey: "give the deploy key write access on origin"
        case .hostKey: "compare origin's host key with the known-hosts file"
        case .unreachable, .timeout: "it is sent again by the next run"
        case .diskFull: "free some space on origin's volume"
        case .unknown: "run it again"
        }
    }
}
