import Foundation

/// Makes one call of the REST API: writes the request, repeats it where that is safe, reads the answer or the error.
struct Caller: Sendable {
    /// When a call may be made again without doing its work twice.
    enum Repeatable: Sendable {
        /// Always: the server answers a second call as the first.
        case always
        /// Only if the server has said that it did nothing.
        case ifRefused
        case never
    }

    let server: ServerAddress
    let transport: any HTTPTransport
    let retry: RetryPolicy

    /// - Returns: the fields of the answer's JSON object.
    /// - Throws: `DeviceAPIError`, or `CancellationError` if the task was cancelled.
    func call(
        _ method: HTTPRequest.Method, _ path: [String], query: KeyValuePairs<String, String> = [:],
        body: [String: JSONValue]? = nil, secret: String? = nil, timeout: TimeInterval = 30,
        repeatable: Repeatable = .always
    ) async throws -> [String: JSONValue] {
        guard let url = server.endpoint(path, query: query) else {
            throw DeviceAPIError.unreachable(reason: String(localized: "\(server.description) is no address that can be called."))
        }
        var request = HTTPRequest(method: method, url: url, headers: ["Accept": "application/json"], timeout: timeout)
        if let secret { request.headers["Authorization"] = "Bearer \(secret)" }
        if let body {
            request.headers["Content-Type"] = "application/json"
            request.body = try JSONEncoder().encode(body)
        }
        var attempt = 1
        while true {
            try Task.checkCancellation()
            let answer = await answer(to: request)
            switch answer {
            case .fields(let fields): return fields
            case .cancelled: throw CancellationError()
            case .failed(let error, let retryAfter):
                guard may(repeatable, after: error), let pause = retry.pause(after: attempt, retryAfter: retryAfter)
                else { throw error }
                try await retry.sleep(pause)
                attempt += 1
            }
        }
    }

    private func answer(to request: HTTPRequest) async -> Answer {
        do {
            return Answer(try await transport.send(request), to: request)
        } catch is CancellationError {
            return .cancelled
        } catch {
            return .failed(.unreachable(reason: Self.words(for: error, server: server)), retryAfter: nil)
        }
    }

    private func may(_ repeatable: Repeatable, after error: DeviceAPIError) -> Bool {
        switch (repeatable, error) {
        case (.never, _), (_, .unpaired), (.ifRefused, .unreachable): false
        // A 500 is a fault of the server that the same request brings about again. 502 and 504 come from what is in front
        // of it, which does not know whether the server has done its work.
        case (.ifRefused, .refused(let status, _, _)): [429, 503].contains(status)
        case (.always, .refused(let status, _, _)): [408, 429, 502, 503, 504].contains(status)
        case (.always, .unreachable): true
        }
    }

    private static func words(for error: any Error, server: ServerAddress) -> String {
        let host = server.host
        return switch (error as? URLError)?.code {
        case .notConnectedToInternet, .dataNotAllowed: String(localized: "This phone is offline.")
        case .timedOut: String(localized: "\(host) did not answer in time.")
        case .cannotFindHost, .dnsLookupFailed: String(localized: "There is no server named \(host).")
        case .appTransportSecurityRequiresSecureConnection:
            String(localized: "iOS refuses http to \(host). The server needs an https address.")
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            String(localized: "The connection to \(host) is not secure: its certificate cannot be trusted.")
        default: String(localized: "\(host) cannot be reached.")
        }
    }
}
