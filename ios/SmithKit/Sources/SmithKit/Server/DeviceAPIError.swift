import Foundation

/// Why a call to the server did not succeed.
public enum DeviceAPIError: Error, Equatable, Sendable {
    /// The server does not know the phone's secret (401): the phone was unpaired elsewhere, and has to pair again.
    case unpaired
    /// The server has answered with an error: `error` is its short name, `message` a sentence for people.
    case refused(status: Int, error: String, message: String)
    /// There was no answer, or none of this server: no network, a timeout, a page of something in between. `reason` is a
    /// sentence for people.
    case unreachable(reason: String)

    /// Whether the same call may succeed later. What is not passing is final.
    public var isPassing: Bool {
        switch self {
        case .unpaired: false
        case .refused(let status, _, _): status == 408 || status == 429 || status >= 500
        case .unreachable: true
        }
    }

    /// For an answer that is not what the call is documented to answer.
    static func unreadable(from server: ServerAddress) -> DeviceAPIError {
        .unreachable(reason: String(localized: "\(server.host) has answered what this app cannot read. Is the app too old?"))
    }
}

extension DeviceAPIError: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .unpaired: String(localized: "This phone is no longer paired with the server. Pair it again.")
        case .refused(_, _, let message): message
        case .unreachable(let reason): reason
        }
    }
}
