// A short run of bin/fuzz http: requests that nobody should send, to a running engine.

import Model
import TestSupport
import Testing

@Suite("Random requests")
struct FuzzedAPITests {
    @Test(
        "each is answered properly or cut off, and the engine lives, stays small and does its work")
    func random() throws {
        let finished = try run(
            [Products.tool("http-fuzz"), "--requests", "1500", "--seconds", "10", "--seed", "1"])
        #expect(finished.succeeded, "\(finished.output) \(finished.errors)")
    }
}
