// git's configuration, read once by one `git config` child, so that includes, `git -c` and
// conditional sections count as git has them.

import Model
import POSIX

/// The settings that a fetch from a pod asks for.
public struct GitConfiguration: Sendable {
    /// Keys as git prints them: section and variable in lower case, subsection as written.
    private var values: [String: [String]] = [:]
    /// Keys whose last value is no UTF-8, so that the text in ``values`` is another one.
    private var mended: Set<String> = []

    /// Only what concerns us is asked for; the rest of a user's configuration stays unread.
    private static let wanted = "^(pod\\.|protocol\\.version$|core\\.sshcommand$)"

    /// A configuration with these settings, for `git pod add` and tests.
    public init(_ values: [String: [String]] = [:]) { self.values = values }

    /// Reads the configuration of the repository at hand, the user and the system.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if git cannot read it.
    public static func read(until deadline: Deadline) throws(Failure) -> GitConfiguration {
        let result = try runToEnd(
            ["git", "config", "--null", "--get-regexp", wanted], until: deadline)
        // 1: no setting matches.
        guard result.status == .exited(0) || result.status == .exited(1) else {
            throw Failure(
                .configuration, "cannot read git's configuration: \(result.firstComplaint)",
                hint: "see what `git config --list` says")
        }
        return GitConfiguration(output: result.output)
    }

    /// `key\nvalue\0`, or `key\0` for a variable without a value, which is true.
    init(output: [UInt8]) {
        for entry in output.split(separator: 0) {
            let text = String(decoding: entry, as: UTF8.self)
            let end = text.firstIndex(of: "\n")
            let key = end.map { String(text[..<$0]) } ?? text
            let value = end.map { String(text[text.index(after: $0)...]) } ?? "true"
            values[key, default: []].append(value)
            if String(validating: entry, as: UTF8.self) == nil {
                mended.insert(key)
            } else {
                mended.remove(key)
            }
        }
    }

    /// The last value of `key`: that is the one that counts.
    public func value(_ key: String) -> String? { values[key]?.last }

    /// The last value of `key`, byte for byte.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if it is no UTF-8.
    public func text(_ key: String) throws(Failure) -> String? {
        guard let value = value(key) else { return nil }
        guard !mended.contains(key) else { throw noText(key, value) }
        return value
    }

    /// All values of `key`, in order.
    public func all(_ key: String) -> [String] { values[key] ?? [] }

    /// The names of the `[pod "NAME"]` sections, sorted.
    public var podNames: [String] {
        Set(values.keys.compactMap(Self.podName)).sorted()
    }

    /// The variables that `[pod "NAME"]` sets, in lower case.
    public func variables(ofPod name: String) -> [String] {
        let prefix = "pod.\(name)."
        return values.keys.filter { $0.hasPrefix(prefix) && Self.podName($0) == name }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    /// `pod.NAME.variable` → NAME; nil for `pod.variable`.
    private static func podName(_ key: String) -> String? {
        guard key.hasPrefix("pod."), let last = key.lastIndex(of: ".") else { return nil }
        let start = key.index(key.startIndex, offsetBy: 4)
        return start < last ? String(key[start..<last]) : nil
    }
}

/// The failure for a setting that no text can stand for.
func noText(_ key: String, _ value: String) -> Failure {
    Failure(
        .configuration, "\(key) is \"\(value)\", which is no UTF-8",
        hint: "rename what it means, or lead there by a link with a plain name")
}
