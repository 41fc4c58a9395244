// The client's side of HTTP/1.1 (RFC 9112), as much as our own server speaks: a request with a length,
// a response with a length, and then the end.

import Model

/// A request as it goes over the socket.
func requestBytes(_ request: ControlRequest) -> [UInt8] {
    let query = request.query.sorted { $0.key < $1.key }
        .map { encoded($0.key) + "=" + encoded($0.value) }.joined(separator: "&")
    let target = request.path + (query.isEmpty ? "" : "?" + query)
    let lines = [
        "\(request.method.rawValue) \(target) HTTP/1.1", "Host: localhost", "Connection: close",
        "Content-Type: application/json", "Content-Length: \(request.body.count)", "", "",
    ]
    return Array(lines.joined(separator: "\r\n").utf8) + request.body
}

/// What a server had said when it closed the connection.
enum ReceivedResponse: Equatable {
    case whole(ControlResponse)
    case cutShort
    case malformed
}

/// Reads a response that ends with its connection.
func parseResponse(_ bytes: [UInt8]) -> ReceivedResponse {
    guard bytes.count <= mostResponseBytes else { return .malformed }
    guard let end = endOfHead(in: bytes) else {
        let start = Array("HTTP/1.".utf8)
        return bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count))
            ? .cutShort : .malformed
    }
    let lines = String(decoding: bytes[..<end], as: UTF8.self)
        .split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
        let status = Int(words[1]), let length = contentLength(in: lines.dropFirst())
    else { return .malformed }
    let body = Array(bytes[(end + 4)...])
    guard body.count >= length else { return .cutShort }
    // libmicrohttpd itself answers what is no HTTP, in HTML.
    guard body.count == length, let value = JSON(parsing: body) else { return .malformed }
    return .whole(ControlResponse(status, value))
}

/// Where the empty line that ends the headers begins.
private func endOfHead(in bytes: [UInt8]) -> Int? {
    let mark = Array("\r\n\r\n".utf8)
    return bytes.indices.first { bytes[$0...].starts(with: mark) }
}

private func contentLength(in headers: ArraySlice<Substring>) -> Int? {
    for header in headers {
        guard let colon = header.firstIndex(of: ":"),
            header[..<colon].lowercased() == "content-length"
        else { continue }
        let value = header[header.index(after: colon)...]
        return Int(value.drop { $0 == " " }).flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
}
