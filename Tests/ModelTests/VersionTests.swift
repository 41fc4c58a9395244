// The version that both executables print.

import Model
import Testing

@Suite("The version")
struct VersionTests {
    @Test("it is three numbers, as semantic versioning has it")
    func semantic() {
        let parts = version.split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 3)
        #expect(parts.allSatisfy { UInt($0).map(String.init) == String($0) })
    }
}
