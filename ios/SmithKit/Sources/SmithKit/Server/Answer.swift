import Foundation

/// What came of one try.
enum Answer: Equatable, Sendable {
    case fields([String: JSONValue])
    /// `retryAfter`: what the server has asked for, in seconds.
    case failed(DeviceAPIError, retryAfter: TimeInterval?)
    case cancelled

    init(_ response: HTTPResponse, to request: HTTPRequest) {
        let fields = try? JSONDecoder().decode(JSONObject.self, from: response.body).fields
        switch response.status {
        case 200...299:
            self = fields.map(Self.fields) ?? .failed(Self.foreign(request), retryAfter: nil)
        case 300...399:
            self = .failed(Self.moved(response, request), retryAfter: nil)
        default:
            let error = Self.error(response.status, fields, request)
            self = .failed(error, retryAfter: response.headers["retry-after"].flatMap(Self.seconds))
        }
    }

    private static func error(_ status: Int, _ fields: [String: JSONValue]?, _ request: HTTPRequest) -> DeviceAPIError {
        guard let name = fields?["error"]?.words else {
            // Only the server's own word counts: a proxy has reasons of its own to refuse.
            return status >= 500
                ? .refused(
                    status: status, error: "", message: String(localized: "The server answered \(status). Try again later."))
                : foreign(request)
        }
        if status == 401 { return .unpaired }
        return .refused(status: status, error: name, message: fields?["message"]?.words ?? name)
    }

    private static func foreign(_ request: HTTPRequest) -> DeviceAPIError {
        let host = request.url.host() ?? request.url.absoluteString
        return .unreachable(
            reason: String(
                localized: "What answers at \(host) is not the server. Does this network ask for a sign-in, or is the address wrong?"))
    }

    private static func moved(_ response: HTTPResponse, _ request: HTTPRequest) -> DeviceAPIError {
        guard let target = response.headers["location"].flatMap({ URL(string: $0, relativeTo: request.url)?.absoluteURL }),
            let scheme = target.scheme, let host = target.host()
        else { return foreign(request) }
        return .unreachable(
            reason: String(
                localized: "The server is not here, it says: it is at \(scheme)://\(host). Pair again with that address."))
    }

    /// `Retry-After` as this server and proxies write it: whole seconds, 0 or more. Dates are not read.
    private static func seconds(_ text: String) -> TimeInterval? {
        guard let seconds = Int(text.trimmingCharacters(in: .whitespaces)), seconds >= 0 else { return nil }
        return TimeInterval(seconds)
    }
}
