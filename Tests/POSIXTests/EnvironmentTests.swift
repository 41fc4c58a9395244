// An environment as a value.

import POSIX
import Testing

@Suite("Environment")
struct EnvironmentTests {
    @Test("a variable that is empty is as good as not set")
    func values() {
        let environment = Environment(["A": "1", "B": ""], accountHome: "/h", accountName: "n")
        #expect(environment["A"] == "1")
        #expect(environment["B"] == nil && environment["C"] == nil)
    }

    @Test(
        "a leading ~/ is $HOME, as git has it, or else the account's home",
        arguments: [
            ("~/k", "/home1/k", "/h/k"), ("~", "~", "~"), ("~other/k", "~other/k", "~other/k"),
            ("/a/~/b", "/a/~/b", "/a/~/b"), ("~/", "/home1/", "/h/"),
        ])
    func home(path: String, withHome: String, without: String) {
        let set = Environment(["HOME": "/home1"], accountHome: "/h", accountName: "n")
        let unset = Environment([:], accountHome: "/h", accountName: "n")
        #expect(set.expandingHome(path) == withHome)
        #expect(unset.expandingHome(path) == without)
    }

    @Test("this process's own has what getenv has, and an account")
    func current() {
        let environment = Environment.current()
        #expect(environment["PATH"] == environmentVariable("PATH"))
        #expect(environment.accountHome.hasPrefix("/"))
        #expect(!environment.accountName.isEmpty)
        #expect(environmentVariable("GIT_POD_NO_SUCH_VARIABLE") == nil)
        #expect(environmentBytes("PATH") == environmentVariable("PATH").map { Array($0.utf8) })
    }
}
