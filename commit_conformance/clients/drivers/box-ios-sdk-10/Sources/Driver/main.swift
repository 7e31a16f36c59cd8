// Drives BoxSdkGen, the generated Swift SDK, by the driver protocol (docs/driver-protocol.md).
//
// Written after the SDK's published source and documentation. It was never compiled and never run.

import BoxSdkGen
import Foundation

typealias Object = [String: Any]

struct NotInScenario: Error {
    let member: String
}

struct Pending: Error {}

// The SDK does not tell its version; this is the one that Package.swift asks for.
let hello: Object = [
    "type": "hello",
    "protocol": 1,
    "sdk": ["name": "BoxSdkGen", "version": "10.0.0", "language": "swift"],
    "calls": [
        "upload": ["declared_size", "patience"],
        "commit": ["new_version", "if_match", "if_none_match", "patience"],
    ],
    "note": "nobody has run this driver yet: look at what it says with care",
]

func text(_ object: Object, _ member: String) throws -> String {
    guard let value = object[member] as? String else { throw NotInScenario(member: member) }
    return value
}

func object(_ object: Object, _ member: String) throws -> Object {
    guard let value = object[member] as? Object else { throw NotInScenario(member: member) }
    return value
}

func withoutVersion(_ url: String) -> String {
    url.hasSuffix("/2.0") ? String(url.dropLast("/2.0".count)) : url
}

// A client set up as the documentation of the SDK has it, but for the hosts. The SDK adds the version of the API itself.
func client(for scenario: Object) throws -> BoxClient {
    let urls = BaseUrls(
        baseUrl: withoutVersion(try text(scenario, "base_url")),
        uploadUrl: withoutVersion(try text(scenario, "upload_url")),
        oauth2Url: try text(scenario, "origin") + "/oauth2"
    )
    var strategy = BoxRetryStrategy()
    if let patience = scenario["patience"] as? Object, let attempts = patience["attempts"] as? Int {
        strategy = BoxRetryStrategy(maxAttempts: attempts)
    }
    let auth = BoxDeveloperTokenAuth(token: try text(scenario, "token"))
    return BoxClient(auth: auth, networkSession: NetworkSession(retryStrategy: strategy, baseUrls: urls))
}

func upload(_ scenario: Object, _ client: BoxClient) async throws -> FileFull? {
    let file = try object(scenario, "file")
    guard let stream = InputStream(fileAtPath: try text(file, "path")), let size = file["size"] as? Int else {
        throw NotInScenario(member: "file")
    }
    return try await client.chunkedUploads.uploadBigFile(
        file: stream,
        fileName: try text(scenario, "name"),
        fileSize: Int64(size),
        parentFolderId: try text(scenario, "folder_id")
    )
}

func commit(_ scenario: Object, _ client: BoxClient) async throws -> FileFull? {
    guard let listed = scenario["parts"] as? [Object] else { throw NotInScenario(member: "parts") }
    let parts = listed.map { part in
        UploadPart(
            partId: part["part_id"] as? String,
            offset: (part["offset"] as? Int).map(Int64.init),
            size: (part["size"] as? Int).map(Int64.init),
            sha1: part["sha1"] as? String
        )
    }
    let endpoints = try object(try object(scenario, "session"), "session_endpoints")
    let files = try await client.chunkedUploads.createFileUploadSessionCommitByUrl(
        url: try text(endpoints, "commit"),
        requestBody: CreateFileUploadSessionCommitByUrlRequestBody(parts: parts),
        headers: CreateFileUploadSessionCommitByUrlHeaders(
            digest: try text(try object(scenario, "file"), "digest"),
            ifMatch: scenario["if_match"] as? String,
            ifNoneMatch: scenario["if_none_match"] as? String
        )
    )
    // The method returns nil after a 202 and only then, and its documentation says so.
    guard let answered = files else { throw Pending() }
    return answered.entries?.first
}

// What a caller can read off the error.
func told(_ error: Error) -> Object {
    var document: Object = [
        "class": String(describing: type(of: error)),
        "message": (error as? BoxSDKError)?.message ?? error.localizedDescription,
        "text": String(String(describing: error).prefix(65536)),
    ]
    if let answer = (error as? BoxAPIError)?.responseInfo {
        document["status"] = answer.statusCode
        document["code"] = answer.code ?? NSNull()
        document["request_id"] = answer.requestId ?? NSNull()
        if let context = answer.contextInfo, JSONSerialization.isValidJSONObject(context) {
            document["context_info"] = context
        }
        if let header = answer.headers.first(where: { $0.key.lowercased() == "retry-after" }) {
            document["retry_after"] = header.value
        }
    }
    return document
}

func result(_ scenario: Object) async -> Object {
    var answer: Object = ["type": "result", "id": scenario["id"] ?? ""]
    do {
        let client = try client(for: scenario)
        let call = try text(scenario, "call")
        let file = call == "upload" ? try await upload(scenario, client) : try await commit(scenario, client)
        guard let file = file else {
            answer["outcome"] = "nothing"
            return answer
        }
        answer["outcome"] = "file"
        answer["file"] = [
            "id": file.id,
            "name": file.name ?? NSNull(),
            "size": file.size ?? NSNull(),
            "sha1": file.sha1 ?? NSNull(),
            "etag": file.etag ?? NSNull(),
        ] as Object
    } catch is Pending {
        answer["outcome"] = "pending"
    } catch {
        answer["outcome"] = "error"
        answer["error"] = told(error)
    }
    return answer
}

func write(_ message: Object) throws {
    var line = try JSONSerialization.data(withJSONObject: message)
    line.append(10)
    FileHandle.standardOutput.write(line)
}

try write(hello)
while let line = readLine() {
    guard let scenario = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? Object else { continue }
    try write(await result(scenario))
}
