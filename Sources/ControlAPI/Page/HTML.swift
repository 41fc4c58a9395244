// HTML in which text cannot become markup: what is put into a literal is escaped, unless it is HTML
// itself. All of the status page is made of these.

import Model

/// A piece of HTML. Only literals of the sources make one.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral literal: StaticString) { text = literal.description }

    init(stringInterpolation pieces: Pieces) { text = pieces.text }

    static func + (one: HTML, two: HTML) -> HTML { "\(one)\(two)" }

    struct Pieces: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity)
        }

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

        mutating func appendInterpolation(_ markup: HTML?) { text += markup?.text ?? "" }

        mutating func appendInterpolation(_ markups: [HTML]) {
            for markup in markups { text += markup.text }
        }

        mutating func appendInterpolation(_ number: some BinaryInteger) { text += "\(number)" }

        /// As text, or as a value between double quotes; what moves a cursor is shown as such.
        mutating func appendInterpolation(_ plain: String) { text += escaped(plain.harmless) }
    }
}

extension HTML {
    /// Characters of one text of a peer that are shown.
    static let mostCharacters = 300

    /// What somebody else wrote, kept apart from the text around it in whatever direction it runs.
    static func foreign(_ text: String) -> HTML { "<bdi>\(text.cut)</bdi>" }
}

extension String {
    /// The beginning of this, where it is too long to be shown.
    var cut: String {
        let start = prefix(HTML.mostCharacters)
        return start.endIndex == endIndex ? self : start + "…"
    }
}

private func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return text }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
}
