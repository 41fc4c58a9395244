// What git sets before it connects, and what it is answered.

import RemoteHelper
import Testing

@Suite("Helper options")
struct HelperOptionsTests {
    @Test(
        "each option is answered as gitremote-helpers(7) wants it",
        arguments: [
            ("verbosity", "0", "ok"), ("verbosity", "-1", "ok"), ("verbosity", "2", "ok"),
            ("verbosity", "loud", "error verbosity is a number"),
            ("verbosity", "", "error verbosity is a number"),
            ("verbosity", "999999999999999999999", "error verbosity is a number"),
            ("progress", "true", "ok"), ("progress", "false", "ok"),
            ("progress", "maybe", "error progress is true or false"),
            ("servpath", "\"git-upload-pack\"", "ok"), ("servpath", "x", "ok"),
            ("servpath", "\"open", "error servpath is not quoted as git quotes"),
            ("servpath", "\"\"", "error servpath is not quoted as git quotes"),
            ("depth", "1", "unsupported"), ("filter", "blob:none", "unsupported"),
            ("cloning", "true", "unsupported"), ("", "", "unsupported"),
        ])
    func answers(name: String, value: String, answer: String) {
        var options = HelperOptions()
        #expect(options.set(name, to: value) == answer)
    }

    @Test("what was set is kept, and what was refused changes nothing")
    func values() {
        var options = HelperOptions()
        #expect(options.verbosity == 1 && options.servicePath == nil)
        _ = options.set("verbosity", to: "3")
        _ = options.set("servpath", to: #""/opt/my git/upload\055pack""#)
        #expect(options.verbosity == 3 && options.servicePath == "/opt/my git/upload-pack")
        let before = options
        _ = options.set("verbosity", to: "x")
        _ = options.set("servpath", to: "\"")
        #expect(options == before)
    }
}
