import Foundation

/// The link of a QR code of the web admin: `activitysmith://pair?server=https%3A%2F%2Fpush.example.com&code=K7QF-2M9X`.
///
/// Who makes a QR code chooses the server, so the app shows the person both before it pairs.
public struct PairingLink: Hashable, Sendable {
    public let server: ServerAddress
    public let code: PairingCode

    /// Parameters that are not known are ignored.
    ///
    /// - Throws: `Problem`.
    public init(url: URL) throws {
        guard url.scheme?.lowercased() == "activitysmith", url.host()?.lowercased() == "pair" else { throw Problem.otherLink }
        let parameters = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        func value(_ name: String) -> String { parameters.first { $0.name == name }?.value ?? "" }
        guard let server = ServerAddress(value("server")) else { throw Problem.server(value("server")) }
        guard let code = PairingCode(text: value("code")) else { throw Problem.code(value("code")) }
        self.server = server
        self.code = code
    }

    /// What a camera has read.
    ///
    /// - Throws: `Problem`.
    public init(text: String) throws {
        guard let url = URL(string: text.trimmingCharacters(in: .whitespacesAndNewlines)) else { throw Problem.otherLink }
        try self.init(url: url)
    }

    /// Why a link is no pairing link.
    public enum Problem: Error, Equatable, Sendable {
        /// It is for something else.
        case otherLink
        /// Its server is not an `http` or `https` address.
        case server(String)
        /// Its code is no pairing code.
        case code(String)
    }
}

extension PairingLink.Problem: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .otherLink:
            String(localized: "This is not a pairing code of ActivitySmith. Make one in the web admin under “Pair a device”.")
        case .server(""): String(localized: "This pairing code does not say which server it is for.")
        case .server(let text):
            String(localized: "This pairing code is for “\(String(text.prefix(80)))”. A server’s address begins with https:// or http://.")
        case .code: String(localized: "The code in this link is incomplete: a pairing code has 8 letters and digits.")
        }
    }
}
