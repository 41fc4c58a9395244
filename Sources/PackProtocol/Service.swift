// The services of git that a pod offers: the ones that only read.

/// A git service by the name it is asked for.
public enum Service: String, Sendable {
    case uploadPack = "git-upload-pack"
    case uploadArchive = "git-upload-archive"
}
