import Foundation
import SmithKit

extension DeviceAPIError {
    /// Why pairing did not succeed. What the server says is about its account; the person has a code in front of them.
    var wordsOfPairing: String {
        switch self {
        case .refused(404, _, _):
            String(localized: "This code is wrong, was used already, or is older than 10 minutes. Ask for a new one.")
        case .refused(429, _, _):
            String(localized: "Too many wrong codes came from your network. Try again in ten minutes.")
        default:
            localizedDescription
        }
    }
}
