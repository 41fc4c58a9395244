// The name that was meant.

import Model
import Testing

@Suite("The nearest name")
struct NearestTests {
    private let names = ["onDivergence", "onRewrite", "deployKey", "branch"]

    @Test(
        "is the one with the fewest letters to change",
        arguments: [
            ("onDivergance", "onDivergence"), ("rewrite", "onRewrite"), ("DEPLOYKEYS", "deployKey"),
            ("brnach", "branch"),
        ])
    func near(word: String, meant: String) { #expect(nearest(to: word, among: names) == meant) }

    @Test("is the first of several that are as near")
    func ties() { #expect(nearest(to: "ab", among: ["ax", "xb", "ac"]) == "ax") }

    @Test("is none where there are no names")
    func none() { #expect(nearest(to: "branch", among: []) == nil) }
}
