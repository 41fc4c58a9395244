// `git pod add`: writes a `[pod "NAME"]` section and the remote that fetches from it.

import Model
import POSIX
import Transport

let addVerb = Verb(
    name: "add", summary: "make a pod a remote of this repository", help: addHelp
) { arguments throws(Failure) in
    let addition = try Addition(arguments)
    try addition.check()
    try addition.write()
    let remote = addition.name
    try printLine("added \(remote); try: git fetch \(remote)")
    return .done
}

/// What is to be added.
private struct Addition {
    let name: String
    /// Variables of the section, in git's spelling.
    private var variables: [(variable: String, value: String)] = []
    private var force = false

    /// Options by their names: `--identity-file` for `identityFile`.
    private static let options: [String: String] = Dictionary(
        uniqueKeysWithValues: PodSettings.variables.map { variable in
            let words = variable.reduce(into: "") { words, character in
                words += character.isUppercase ? "-\(character.lowercased())" : "\(character)"
            }
            return ("--\(words)", variable)
        })

    init(_ arguments: [String]) throws(Failure) {
        var words: [String] = []
        var given: [(String, String)] = []
        var options = Options(arguments)
        while !options.rest.isEmpty {
            if let option = options.next() {
                if option == "--force" {
                    try options.flag(option)
                    force = true
                } else if let variable = Self.options[option] {
                    given.append((variable, try options.value(of: option)))
                } else {
                    throw Options.unknown(option, verb: "add")
                }
            } else if let word = options.takeWord() {
                words.append(word)
            }
        }
        guard (1...2).contains(words.count) else {
            throw Failure(
                .configuration, "give a name and an address", hint: "see git pod add -h")
        }
        name = words[0]
        guard try PodAddress(name).isName, !name.contains("/") else {
            throw Failure(
                .configuration, "\"\(name)\" cannot be a pod's name",
                hint: "use letters, digits and ._-")
        }
        if words.count == 2 {
            let address = try PodAddress(words[1])
            variables = [("transport", "ssh"), ("host", address.host)]
            if let port = address.port { variables.append(("port", "\(port)")) }
            if let user = address.user { variables.append(("user", user)) }
            if let path = address.path { variables.append(("path", path)) }
        }
        for (variable, value) in given {
            variables.removeAll { $0.variable == variable }
            variables.append((variable, value))
        }
    }

    /// - Throws: ``Failure`` of kind `configuration` if git would refuse the remote, or a fetch what is
    ///   to be written.
    func check() throws(Failure) {
        guard try git(["check-ref-format", "refs/remotes/\(name)/x"]).status.isSuccess else {
            throw Failure(
                .configuration, "git takes no remote called \"\(name)\"",
                hint:
                    "use a name that does not begin with a dot, has no .. and does not end in .lock"
            )
        }
        let keys = variables.map { ("pod.\(name).\($0.variable.lowercased())", [$0.value]) }
        let settings = try PodSettings(
            name: name, isSection: true, GitConfiguration(Dictionary(uniqueKeysWithValues: keys)))
        let missing: String? =
            switch settings.carrier {
            case .ssh: settings.host == nil ? "an address such as pod://host/data/repo.git" : nil
            case .command: settings.command.isEmpty ? "--command" : nil
            case .kubectl:
                settings.kubernetes.pod == nil && settings.kubernetes.selector == nil
                    ? "--selector or --pod" : nil
            }
        if let missing = missing ?? (settings.path == nil ? "--path" : nil) {
            throw Failure(
                .configuration, "\(name) lacks \(missing)", hint: "see git pod add -h")
        }
        guard settings.path?.hasPrefix("/") == true else {
            throw Failure(.configuration, "--path must be absolute")
        }
    }

    func write() throws(Failure) {
        let remote = try git(["config", "--get-all", "remote.\(name).url"])
        let section = try git(["config", "--get-regexp", "^pod\\.\(Self.escaped(name))\\."])
        let exists = remote.status.isSuccess || section.status.isSuccess
        guard force || !exists else {
            throw Failure(
                .configuration, "there is a remote or a [pod] section called \(name) already",
                hint: "choose another name, or replace it with --force")
        }
        if section.status.isSuccess {
            _ = try git(["config", "--remove-section", "pod.\(name)"])
        }
        for (variable, value) in variables {
            try require(["config", "pod.\(name).\(variable)", value])
        }
        if remote.status.isSuccess {
            try require(["config", "--replace-all", "remote.\(name).url", "pod://\(name)"])
        } else {
            try require(["remote", "add", name, "pod://\(name)"])
        }
    }

    private static func escaped(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
    }

    private func git(_ arguments: [String]) throws(Failure) -> ProgramResult {
        try runToEnd(["git"] + arguments, until: .after(.seconds(30)))
    }

    private func require(_ arguments: [String]) throws(Failure) {
        let result = try git(arguments)
        guard result.status.isSuccess else {
            throw Failure(
                .failed, "git \(arguments[0]) refused: \(result.firstComplaint)",
                hint: "run this inside the repository that is to fetch from the pod")
        }
    }
}

private let addHelp = """
    usage: git pod add NAME pod://[user@]host[:port]/path [OPTIONS]
           git pod add NAME --transport kubectl --selector S --path P [OPTIONS]
           git pod add NAME --transport command --command C --path P [OPTIONS]

    Writes the section [pod "NAME"] and the remote NAME into this repository's
    configuration, so that `git fetch NAME` fetches from the pod.

      --force                  replace what is called NAME already
      --path DIR               the gitdir's absolute path in the pod
      --host NAME, --port N, --user NAME,
      --identity-file FILE, --known-hosts FILE,
      --strict-host-key-checking yes|accept-new, --ssh-backend auto|libssh2|openssh
                               for SSH; ~/.ssh/config says what is not given
      --context C, --namespace N, --selector S or --pod P, --container C,
      --select newest|oldest   for kubectl
      --command 'WORDS'        what runs a command in the pod; no shell reads it
      --remote-command 'WORDS' what serves there: git-pod bridge, or git
      --connect-timeout 10s, --idle-timeout 60s
    """
