import Foundation
@testable import SmithKit

/// Answers requests as a test says, and keeps what was asked.
final class ScriptedServer: HTTPTransport, @unchecked Sendable {
    typealias Answer = @Sendable (HTTPRequest) async throws -> HTTPResponse

    // Both are guarded by `lock`.
    private var answers: [Answer]
    private var received: [HTTPRequest] = []
    private let lock = NSLock()

    /// - Parameter answers: one for each request; the last one is for all that follow.
    init(_ answers: [Answer]) {
        self.answers = answers
    }

    convenience init(_ responses: HTTPResponse...) {
        self.init(responses.map { response in { _ in response } })
    }

    var requests: [HTTPRequest] { lock.withLock { received } }

    /// `PUT /api/device/tokens {"push_token":"aa"}`
    var calls: [String] { requests.map(\.line) }

    func answer(_ next: Answer...) {
        lock.withLock { answers = next }
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let answer = lock.withLock {
            received.append(request)
            return answers.count > 1 ? answers.removeFirst() : answers.first
        }
        guard let answer else { throw URLError(.cannotConnectToHost) }
        return try await answer(request)
    }
}

extension HTTPRequest {
    var line: String {
        let path = URLComponents(url: url, resolvingAgainstBaseURL: false).map { $0.percentEncodedPath + ($0.percentEncodedQuery.map { "?" + $0 } ?? "") }
        let sorted = body.flatMap { try? JSONDecoder().decode(JSONValue.self, from: $0) }.flatMap { value in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try? encoder.encode(value)
        }
        return "\(method.rawValue) \(path ?? "")" + (sorted.map { " " + String(decoding: $0, as: UTF8.self) } ?? "")
    }
}

extension HTTPResponse {
    static func ok(_ json: String = "{}") -> HTTPResponse { HTTPResponse(status: 200, body: Data(json.utf8)) }

    static func error(_ status: Int, _ name: String = "Service unavailable", retryAfter: Int? = nil) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: retryAfter.map { ["retry-after": String($0)] } ?? [:],
            body: Data(#"{"error": "\#(name)", "message": "A sentence."}"#.utf8))
    }

    static let unauthorized = error(401, "Unauthorized")
}

/// For a network that is away.
let noNetwork: ScriptedServer.Answer = { _ in throw URLError(.notConnectedToInternet) }

func answers(_ response: HTTPResponse) -> ScriptedServer.Answer { { _ in response } }

/// The pauses that were asked for. None takes any time.
final class Pauses: @unchecked Sendable {
    // Guarded by `lock`.
    private var taken: [TimeInterval] = []
    private let lock = NSLock()

    var all: [TimeInterval] { lock.withLock { taken } }

    func policy(attempts: Int = 4, firstPause: TimeInterval = 1, longestPause: TimeInterval = 10) -> RetryPolicy {
        RetryPolicy(
            attempts: attempts, firstPause: firstPause, longestPause: longestPause,
            sleep: { [self] pause in
                lock.withLock { taken.append(pause) }
                try Task.checkCancellation()
            },
            jitter: { 1 })
    }
}

let aServer = ServerAddress("https://push.example.com")!
let aPairing = Pairing(server: aServer, deviceID: "d1", secret: "dev_secret")

/// A moment, in seconds after an arbitrary one.
func moment(_ seconds: TimeInterval) -> Date { Date(timeIntervalSince1970: 1_795_452_700 + seconds) }

/// What a call throws; nil if it succeeds.
func failure<Answer>(_ call: () async throws -> Answer) async -> (any Error)? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
