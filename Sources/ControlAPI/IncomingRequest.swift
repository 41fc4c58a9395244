// A request as libmicrohttpd has it, read as Swift values, and the response that goes back.

import CMicroHTTPD
import Model

/// A view of a request; for the length of one callback.
@safe struct IncomingRequest {
    private let connection: OpaquePointer
    let path: String
    let method: String

    init(
        _ connection: OpaquePointer, path: UnsafePointer<CChar>, method: UnsafePointer<CChar>
    ) {
        unsafe self.connection = unsafe connection
        self.path = unsafe String(cString: path)
        self.method = unsafe String(cString: method)
    }

    /// The value of a header, of the first if there are several.
    func header(_ name: String) -> String? {
        guard let value = unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name)
        else { return nil }
        return unsafe String(cString: value)
    }

    /// What stands behind the `?`. Nil if it is no text, or names something twice.
    var query: [String: String]? {
        let collected = QueryFields()
        unsafe MHD_get_connection_values_n(
            connection, .GET_ARGUMENT_KIND, collectField,
            Unmanaged.passUnretained(collected).toOpaque())
        var query: [String: String] = [:]
        for (name, value) in collected.fields {
            guard let name = decoded(name), let value = decoded(value), query[name] == nil else {
                return nil
            }
            query[name] = value
        }
        return query
    }

    /// Those that a request keeps.
    var headers: [ControlRequest.Header: String] {
        ControlRequest.Header.allCases.reduce(into: [:]) { $0[$1] = header($1.rawValue) }
    }

    /// Hands a response to libmicrohttpd, which sends it and closes the connection.
    func send(_ content: ControlResponse, over exchange: Exchange, look: @escaping () -> Void)
        -> MHD_Result
    {
        let made =
            if case .events(let stream) = content.content {
                unsafe streamResponse(stream, exchange, look)
            } else {
                unsafe wholeResponse(content.bytes)
            }
        guard let response = unsafe made else { return .NO }
        defer { unsafe MHD_destroy_response(response) }
        let headers = [
            ("Content-Type", content.type), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"), ("Connection", "close"),
        ]
        for (name, value) in headers + content.headers.sorted(by: { $0.key < $1.key }) {
            guard unsafe MHD_add_response_header(response, name, value) == .YES else {
                return .NO
            }
        }
        return unsafe MHD_queue_response(connection, UInt32(content.status), response)
    }
}

/// The names and values of a query, as they came.
private final class QueryFields {
    var fields: [(name: [UInt8], value: [UInt8])] = []
}

private let collectField: MHD_KeyValueIteratorN = { owner, _, name, nameSize, value, valueSize in
    guard let owner = unsafe owner, let name = unsafe name else { return .NO }
    let query = unsafe Unmanaged<QueryFields>.fromOpaque(owner).takeUnretainedValue()
    let nameBytes = unsafe UnsafeRawBufferPointer(start: name, count: nameSize)
    let valueBytes = unsafe UnsafeRawBufferPointer(start: value, count: valueSize)
    unsafe query.fields.append((Array(nameBytes), Array(valueBytes)))
    return .YES
}

/// Text with each `%XX` replaced (RFC 3986, section 2.1). Nil if one is cut short, or if what comes out
/// is no UTF-8 or, where they are not allowed, has control characters.
func decoded(_ bytes: [UInt8], allowingControls: Bool = false) -> String? {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            result.append(byte)
            continue
        }
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
            let value = UInt8(digits, radix: 16)
        else { return nil }
        result.append(value)
        rest = rest.dropFirst(2)
    }
    guard allowingControls || result.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
    return String(validating: result, as: UTF8.self)
}

/// The reverse for a name or a value of a query: all but unreserved characters as `%XX`.
func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
        let character = Character(Unicode.Scalar(byte))
        if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character)
        {
            result.append(character)
        } else {
            let digits = String(byte, radix: 16, uppercase: true)
            result += "%" + (digits.count == 1 ? "0" : "") + digits
        }
    }
}
