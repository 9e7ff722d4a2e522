import Foundation

/// Why a call to the server did not succeed.
public enum DeviceAPIError: Error, Equatable, Sendable {
    /// The server does not know the phone's secret (401): the phone was unpaired elsewhere, and has to pair again.
    case unpaired
    /// The server has answered with an error: `error` is its short name, `message` a sentence for people.
    case refused(status: Int, error: String, message: String)
    /// There was no answer, or none of this server: no network, a timeout, a page of something in between.
    case unreachable(reason: String)
}
