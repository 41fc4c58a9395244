// The image that pods of the tests run: made by bin/image, of the executables under test.

import Model
import POSIX
import TestSupport

/// A docker-archive called `localhost/git-pod:test`.
enum PodImage {
    static let name = "localhost/git-pod:test"

    /// Where it is. Below it is no Debian, which would take minutes to make, but programs of this machine;
    /// `GIT_POD_TEST_IMAGE` names one that `bin/image --name localhost/git-pod:test` has made.
    static func file() throws(Failure) -> String { try made.get() }

    private static let made: Result<String, Failure> = {
        if let named = environmentVariable("GIT_POD_TEST_IMAGE") { return .success(named) }
        do throws(Failure) { return .success(try make()) } catch { return .failure(error) }
    }()

    private static func make() throws(Failure) -> String {
        let folder = try TemporaryDirectory()
        let programs = ["stat", "tr", "grep", "chmod", "/usr/sbin/sshd"]
        try ContainerRoot.build(in: folder.folder("root"), with: programs)
        try run(["tar", "-C", folder.file("root"), "-cf", folder.file("root.tar"), "."]).check()
        // Not in that folder: it outlives whoever asks for it first.
        let image = "\(packageFolder)/.build/image/test.tar"
        try run(
            [
                "\(packageFolder)/bin/image", "--name", name, "--base", folder.file("root.tar"),
                image,
            ], environment: currentEnvironment() + ["GIT_POD_PRODUCTS=\(Products.folder)"]
        ).check()
        return image
    }
}
