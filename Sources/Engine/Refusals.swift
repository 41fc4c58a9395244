// Why a plan moves nothing, in words for a person.

import EngineCore
import Model

extension Engine {
    func failure(_ refusal: Refusal) -> Failure {
        let name = branch.branch ?? ""
        let push = "git -C \(repository.path) push \(originForShow) \(name)"
        switch refusal {
        case .unrelated:
            return Failure(
                .failed, "\(name) and origin's \(name) have no commit in common",
                hint: "check that --origin is the right repository; nothing was moved")
        case .originLacksBranch:
            return Failure(
                .failed, "origin has no branch \(name)",
                hint: "check --branch, or make it there: \(push)")
        case .originDeleted:
            return Failure(
                .failed, "\(name) was deleted on origin, and is not made there again",
                hint: "if that was a mistake, make it there by hand: \(push)")
        case .diverged:
            return Failure(
                .failed, "\(name) and origin have parted, and onDivergence is stop",
                hint: "join them by hand, or choose rebase, merge or escape")
        case .rewritten:
            let range = "refs/remotes/\(settings.remote)/\(name)..refs/pod/seen/\(name)"
            return Failure(
                .failed, "origin dropped commits of \(name) that it had, and onRewrite is stop",
                hint: "see them by git -C \(repository.path) log \(range)")
        }
    }

    /// Origin's address without a password in it.
    private var originForShow: String {
        settings.originURL.flatMap { try? OriginURL($0).description } ?? "ORIGIN"
    }
}
