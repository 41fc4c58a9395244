// Bodies of webhooks, ours, GitHub's and Gitea's, and what becomes of them on a bad way: cut short,
// nested without end, numbers that fit nowhere, bytes that are no text, names twice.

import TestSupport

/// Makes bodies from random choices.
struct Bodies {
    static let zero = String(repeating: "0", count: 40)
    /// Names of branches: there, not there, and none.
    static let branches = [
        "main", "other", "", "refs/heads/main", "..", "-x", "a b", "\\u0000", "\\ud800",
        "\u{202e}x",
        String(repeating: "n", count: 5000),
    ]

    /// What somebody could really send.
    static func whole(_ numbers: inout SeededNumbers, tip: String) -> String {
        let branch = branches.randomElement(using: &numbers) ?? "main"
        let commit =
            [tip, zero, "", "zz", String(tip.dropLast()), tip.uppercased()]
            .randomElement(using: &numbers) ?? tip
        let flag = ["true", "false", "null", "1", "\"x\""].randomElement(using: &numbers) ?? "null"
        let ref = Bool.random(using: &numbers) ? "refs/heads/\(branch)" : branch
        let ours = "{\"branch\":\"\(branch)\",\"commitHash\":\"\(commit)\"}"
        let github = """
            {"ref":"\(ref)","before":"\(zero)","after":"\(commit)","created":false,"deleted":\(flag),
            "forced":\(flag),"base_ref":null,"compare":"https://example.com/c","commits":[{"id":"\(commit)",
            "tree_id":"\(zero)","message":"Say \\"x\\" \\u00e9\\n","timestamp":"2026-01-02T03:04:05Z",
            "author":{"name":"A","email":"a@example.com"},"added":["a"],"removed":[],"modified":[]}],
            "repository":{"id":35129377,"full_name":"x/y","private":false,"pushed_at":1430869217}}
            """
        let gitea = """
            {"ref":"\(ref)","before":"\(zero)","after":"\(commit)","compare_url":"","total_commits":1,
            "commits":null,"head_commit":null,"pusher":{"id":1,"login":"g","is_admin":true}}
            """
        return [ours, github, gitea, "{}", ""].randomElement(using: &numbers) ?? ours
    }

    /// The same on a bad way.
    static func broken(_ numbers: inout SeededNumbers, tip: String) -> [UInt8] {
        var body = Array(whole(&numbers, tip: tip).utf8)
        switch Int.random(in: 0..<9, using: &numbers) {
        case 0: body.removeLast(body.isEmpty ? 0 : Int.random(in: 1...body.count, using: &numbers))
        case 1:
            let depth = [60, 64, 65, 1000, 200_000].randomElement(using: &numbers) ?? 64
            let (open, close) = Bool.random(using: &numbers) ? ("[", "]") : ("{\"a\":", "}")
            let inner =
                String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
            body = Array("{\"x\":\(inner),\"branch\":\"main\"}".utf8)
        case 2:
            let number =
                [
                    "1e999999999", "-0", "99999999999999999999999999", "1e", ".5", "+1", "NaN",
                    "0x10",
                    String(repeating: "9", count: 100_000),
                ].randomElement(using: &numbers) ?? "1"
            body = Array("{\"ref\":\"refs/heads/main\",\"after\":null,\"forced\":\(number)}".utf8)
        case 3:
            let names = ["branch", "ref", "after", "commitHash"]
            let twice = (0..<6).map { _ in
                "\"\(names.randomElement(using: &numbers) ?? "")\":\"\(branches.randomElement(using: &numbers) ?? "")\""
            }
            body = Array("{\(twice.joined(separator: ","))}".utf8)
        case 4:
            body = Array("{\"branch\":\"".utf8) + numbers.bytes(64).prefix(64) + Array("\"}".utf8)
        case 5: body = Array(numbers.bytes(Int.random(in: 1...70_000, using: &numbers)))
        case 6:
            let filler = String(
                repeating: "x", count: Int.random(in: 1...2_200_000, using: &numbers))
            body = Array("{\"pad\":\"\(filler)\",\"branch\":\"main\"}".utf8)
        case 7:
            let escaped = body.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            body = Array("a=b&payload=\(escaped.joined())&c".utf8)
            if Bool.random(using: &numbers) { body.removeLast() }
        default:
            for _ in 0..<Int.random(in: 1...8, using: &numbers) where !body.isEmpty {
                let place = Int.random(in: 0..<body.count, using: &numbers)
                body[place] = UInt8.random(in: 0...255, using: &numbers)
            }
        }
        return body
    }
}
