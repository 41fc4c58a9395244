// Every error of the engine's verbs is explained to who reads it at night.

import TestSupport
import Testing

@Suite("The errors")
struct ErrorTextsTests {
    private static let pages = ["docs/reconcile.md", "docs/push.md", "docs/control-api.md"]

    @Test("the docs have the text of every error that the engine's verbs can end with")
    func errors() {
        let page = Self.withoutBreaks(
            Self.pages.map { contents("\(House.root)/\($0)") }.joined(separator: "\n"))
        var count = 0
        let modules = ["Engine", "EngineCore", "Git", "ControlAPI"]
        for file in modules.flatMap({ House.files(below: "Sources/\($0)") }) {
            for text in Self.errorTexts(in: contents("\(House.root)/\(file)")) {
                count += 1
                let isThere = page.contains(text)
                #expect(isThere, "\(Self.pages) lack \"\(text)\" of \(file)")
            }
        }
        #expect(count > 30)
    }

    /// Of each `Failure(kind, "…")` in a source, the longest piece of its text that is the same in
    /// every case.
    private static func errorTexts(in source: String) -> [String] {
        source.split(separator: "Failure(").dropFirst().compactMap { call in
            let arguments = call.drop(while: \.isWhitespace)
            guard arguments.hasPrefix("."), let quote = arguments.firstIndex(of: "\""),
                !arguments[..<quote].contains(where: { "(){}".contains($0) })
            else { return nil }
            return fixedPieces(of: arguments[arguments.index(after: quote)...])
                .max { $0.count < $1.count }
        }
    }

    /// The pieces of a string literal between what is put in, up to its closing quote.
    private static func fixedPieces(of literal: Substring) -> [String] {
        var pieces = [""]
        var depth = 0
        var isEscaped = false
        for character in literal {
            if depth > 0 {
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
            } else if isEscaped {
                isEscaped = false
                if character == "(" {
                    depth = 1
                    pieces.append("")
                } else {
                    pieces[pieces.count - 1].append(character)
                }
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                break
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces.map(withoutBreaks)
    }

    /// A text with one blank wherever it has blanks and line breaks.
    private static func withoutBreaks(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
