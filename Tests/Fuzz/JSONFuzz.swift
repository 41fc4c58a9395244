// JSON: what is read and written again is the same value, on one line, and is JSON. Built and run by
// bin/fuzz.
// sources: Model

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let value = JSON(parsing: bytes) else { return 0 }
    let text = value.text
    precondition(text.utf8.allSatisfy { $0 >= 0x20 })
    guard let again = JSON(parsing: Array(text.utf8)) else { fatalError("not read again: \(text)") }
    precondition(Array(again.text.utf8) == Array(text.utf8))
    check(value)
    return 0
}

private func check(_ value: JSON) {
    switch value {
    case .number(let text):
        let number = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/
        precondition(text.wholeMatch(of: number) != nil, text)
    case .array(let elements): for element in elements { check(element) }
    case .object(let members): for member in members { check(member.value) }
    case .null, .bool, .string: break
    }
}
