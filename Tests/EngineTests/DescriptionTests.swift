// `/openapi.json` and the engine say the same: each route that is served is described, each that is
// described is served, and what comes back is as the schemas have it.

import Model
import POSIX
import TestSupport
import Testing

/// The paths that the sources give to routes.
private let pathsInSources: Set<String> = {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let folder = "\(root)/Sources/git-pod/Control"
    var paths: Set<String> = []
    for file in directoryEntries(folder) ?? [] where file != "OpenAPI.swift" {
        for line in contents("\(folder)/\(file)").split(separator: "\n") {
            // .get, "/v1/status" — or a bare path, where a function makes the route.
            for word in line.split(separator: "\"") where word.hasPrefix("/") {
                let isPath = word.dropFirst().allSatisfy { $0.isLetter || "/.1".contains($0) }
                if isPath, word.count > 1 { paths.insert(String(word)) }
            }
        }
    }
    // OpenAPI.swift names its own; and the page's is but a slash.
    return paths.union(["/openapi.json", "/"])
}()

@Suite("The description of the API")
struct DescriptionTests {
    @Test("each route that is served is described, each that is described is served")
    func routes() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let document = try api.get("/openapi.json").json
        guard case .object(let paths) = document["paths"] else {
            Issue.record("there are no paths")
            return
        }
        #expect(Set(paths.map(\.name)) == pathsInSources)
        for (path, operations) in paths {
            guard case .object(let operations) = operations else { continue }
            // A method that no path takes is told which ones this path does.
            let answer = try unix(api, "PUT \(path)")
            let allowed = (answer.headers["allow"] ?? "").split(separator: ", ").map(String.init)
            let described = operations.map { $0.name.uppercased() }
            #expect(Set(allowed).subtracting(["HEAD"]) == Set(described), "\(path)")
            let reach = operations.first?.value["x-reach"]?.string
            let elsewhere = try http("PUT", path, port: api.port).status
            #expect(elsewhere == (reach == "socket" ? 404 : 405), "\(path)")
            let anywhere = try http("PUT", path, port: api.publicPort).status
            #expect(anywhere == (reach == "anywhere" ? 405 : 404), "\(path)")
        }
    }

    @Test("every schema that is referred to is there, and every answer has a text")
    func references() throws {
        let api = try ServedAPI(Scene.inSync())
        let document = try api.get("/openapi.json").json
        let names = document.text.split(separator: "\"$ref\":\"").dropFirst()
            .map { $0.prefix { $0 != "\"" } }
        #expect(names.count > 40)
        for name in Set(names) { #expect(lookUp(String(name), document) != nil, "\(name)") }
        #expect(document["openapi"]?.string == "3.1.0")
        #expect(document["info"]?["version"]?.string == version)
    }

    @Test(
        "what is answered is as its schema says",
        arguments: [
            "GET /livez", "GET /readyz", "GET /readyz?strict", "GET /readyz?strict=perhaps",
            "POST /v1/push?branch=", "GET /healthz", "GET /v1/status",
            "POST /v1/push", "POST /v1/push?wait=60s", "POST /v1/push?wait=x",
            "POST /v1/push?branch=none", "POST /v1/reconcile", "POST /v1/reconcile?nonsense=1",
            "POST /v1/lock?for=1s", "POST /v1/lock?for=x", "POST /v1/lock?release=x",
            "DELETE /v1/lock", "DELETE /v1/lock?token=x", "POST /v1/reload", "GET /openapi.json",
            "POST /v1/fetches",
        ])
    func conforms(request: String) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let document = try api.get("/openapi.json").json
        let words = request.split(separator: " ").map(String.init)
        let path = String(words[1].prefix { $0 != "?" })
        let operation = document["paths"]?[path]?[words[0].lowercased()]
        for headers in [[], ["Authorization: Bearer \(api.secret)"]] {
            let answer = try unix(api, request, headers)
            let content = try #require(
                operation?["responses"]?["\(answer.status)"]?["content"]?["application/json"],
                "\(request) answers \(answer.status), which is not described")
            #expect(answer.headers["content-type"] == "application/json")
            let flaw = flaw(of: answer.json, content["schema"] ?? .null, document, at: path)
            #expect(flaw == nil, "\(flaw ?? "") in \(answer.body)")
        }
    }

    /// Asks by the socket, where everything is served.
    private func unix(_ api: ServedAPI, _ request: String, _ headers: [String] = []) throws
        -> HTTPAnswer
    {
        guard
            let socket = try connectUnix("git-pod.sock", in: api.scene.gitdir, until: .longEnough)
        else { throw Failure(.failed, "nobody listens") }
        let lines = ["\(request) HTTP/1.1", "Host: localhost"] + headers + ["", ""]
        _ = try sendWithoutSignal(
            socket.raw, from: ByteBuffer(Array(lines.joined(separator: "\r\n").utf8)))
        let buffer = ByteBuffer(capacity: 16 << 10)
        var bytes: [UInt8] = []
        while try wait(for: socket.raw, reading: true, until: .longEnough),
            case .bytes = try read(socket.raw, into: buffer)
        { bytes += buffer.takeAll() }
        return try #require(HTTPAnswer(String(decoding: bytes, as: UTF8.self)))
    }
}

/// What `#/components/schemas/Name` stands for.
private func lookUp(_ reference: String, _ document: JSON) -> JSON? {
    reference.split(separator: "/").dropFirst().reduce(Optional(document)) { $0?[String($1)] }
}

/// What is wrong with a value by a schema, as far as ours go; nil if nothing is.
private func flaw(of value: JSON, _ schema: JSON, _ document: JSON, at place: String) -> String? {
    if let reference = schema["$ref"]?.string {
        guard let meant = lookUp(reference, document) else { return "\(reference) is not there" }
        return flaw(of: value, meant, document, at: place)
    }
    if case .array(let choices) = schema["anyOf"] {
        let fits = choices.contains { flaw(of: value, $0, document, at: place) == nil }
        return fits ? nil : "\(place) is none of several"
    }
    if case .array(let values) = schema["enum"], !values.contains(value) {
        return "\(place) is \(value.text)"
    }
    let types =
        schema["type"]?.string.map { [$0] } ?? (schema["type"]?.elements ?? []).compactMap(\.string)
    guard types.isEmpty || types.contains(where: { type(of: value).contains($0) }) else {
        return "\(place) is no \(types): \(value.text)"
    }
    for item in value.elements {
        if let items = schema["items"], let flaw = flaw(of: item, items, document, at: place + "[]")
        {
            return flaw
        }
    }
    guard case .object(let members) = value else { return nil }
    for name in (schema["required"]?.elements ?? []).compactMap(\.string)
    where value[name] == nil {
        return "\(place) lacks \(name)"
    }
    guard case .object(let properties)? = schema["properties"] else { return nil }
    for member in members {
        guard let property = properties.first(where: { $0.name == member.name })?.value else {
            if place.hasPrefix("/openapi") { continue }
            return "\(place) has \(member.name), which is not described"
        }
        if let flaw = flaw(of: member.value, property, document, at: "\(place).\(member.name)") {
            return flaw
        }
    }
    return nil
}

private func type(of value: JSON) -> [String] {
    switch value {
    case .null: ["null"]
    case .bool: ["boolean"]
    case .number(let digits): digits.contains(".") ? ["number"] : ["integer", "number"]
    case .string: ["string"]
    case .array: ["array"]
    case .object: ["object"]
    }
}
