import Foundation
import SmithKit

/// A server and a code that somebody proposes, by a link or by typing. Nothing is sent before the person agrees.
struct PairingProposal: Identifiable, Sendable {
    enum Problem: Error {
        case server, code
        /// iOS refuses http to anything but IP addresses, names without a dot and `.local` names.
        case unencrypted

        var words: LocalizedStringResource {
            switch self {
            case .server: "A server’s address begins with https:// or http://."
            case .code: "A pairing code has 8 letters and digits."
            case .unencrypted: "iOS allows http only to an IP address or a local name. This server needs https."
            }
        }
    }

    let id = UUID()
    let server: ServerAddress
    let code: PairingCode

    /// - Throws: `Problem.unencrypted`, or what is wrong with the link.
    init(link: URL) throws {
        let link = try PairingLink(url: link)
        try self.init(link.server, link.code)
    }

    /// - Throws: `Problem`, which field is wrong.
    init(server: String, code: String) throws {
        let address = server.trimmingCharacters(in: .whitespacesAndNewlines)
        // People type a bare name. What is meant is the encrypted form.
        guard let server = ServerAddress(address.contains("://") ? address : "https://" + address) else { throw Problem.server }
        guard let code = PairingCode(text: code) else { throw Problem.code }
        try self.init(server, code)
    }

    private init(_ server: ServerAddress, _ code: PairingCode) throws {
        guard server.isEncrypted || Self.isLocal(server.url.host() ?? "") else { throw Problem.unencrypted }
        self.server = server
        self.code = code
    }

    /// What `NSAllowsLocalNetworking` of `Info.plist` allows.
    private static func isLocal(_ host: String) -> Bool {
        let isAddress = host.contains(":") || host.allSatisfy { $0.isNumber || $0 == "." }
        return isAddress || !host.contains(".") || host.lowercased().hasSuffix(".local")
    }
}

extension PairingProposal.Problem: LocalizedError {
    var errorDescription: String? { String(localized: words) }
}
