// A program that must not outlive us, with all that it starts, though it reads nothing of ours, or no
// more than a line: a `git push` waits for its `git-remote-https`, which goes on when git is gone, and
// a hook is somebody else's script.
//
// A small shell stands between. It ends the group once its own standard input ends, and only we
// hold that: so it makes no difference how we end.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension ChildProcess {
    /// Starts a program whose standard input is empty. ``closeInput()``, ``end(grace:)`` or the end
    /// of this process end it and its descendants: first as `SIGTERM` does, a second later for
    /// certain. Its exit status is the program's, 128 and the number where a signal ended it.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there is no such program, else `failed`.
    public static func leashed(_ arguments: [String], environment: [EnvironmentEntry])
        throws(Failure) -> ChildProcess
    {
        try leashed(
            arguments, environment: environment, script: "\(leash)\n\"$@\"\n\(end)")
    }

    /// The same with a program whose standard input is one line: the first that is written to the
    /// child. Nothing is started before that line is whole.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there is no such program, else `failed`.
    public static func leashedReader(_ arguments: [String], environment: [EnvironmentEntry])
        throws(Failure) -> ChildProcess
    {
        // A program need not read it.
        let told = "{ printf '%s\\n' \"$line\"; } 2>/dev/null | \"$@\""
        return try leashed(
            arguments, environment: environment,
            script: "IFS= read -r line || exit 1\n\(leash)\n\(told)\n\(end)")
    }

    /// The same with a program that reads what is written to the child: it is this process's end, or the
    /// last use of the child, that ends it.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there is no such program, else `failed`.
    public static func tethered(_ arguments: [String], environment: [EnvironmentEntry]?)
        throws(Failure) -> ChildProcess
    {
        try leashed(
            arguments, environment: environment, isTethered: true,
            script: "\(watch)\nexec 3<&-\n\"$@\"\n\(end)")
    }

    private static func leashed(
        _ arguments: [String], environment: [EnvironmentEntry]?, isTethered: Bool = false,
        script: String
    ) throws(Failure) -> ChildProcess {
        guard arguments[0].contains("/") || findProgram(arguments[0]) != nil else {
            throw cannotRun(arguments[0], ENOENT)
        }
        return try ChildProcess(
            ["sh", "-c", script, "sh"] + arguments, environment: environment, leadsGroup: true,
            isTethered: isTethered)
    }

    /// The descriptors: whoever watches holds no output of ours open, and the program no input.
    private static let leash = """
        exec 3<&0 </dev/null
        \(watch)
        exec 3<&-
        """

    private static let watch =
        "{ trap '' TERM; read -r _ <&3; kill -TERM 0; sleep 1; kill -KILL 0; } >/dev/null 2>&1 &"

    private static let end = """
        status=$?
        kill -KILL $!
        exit $status
        """
}
