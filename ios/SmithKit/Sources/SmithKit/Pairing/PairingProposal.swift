import Foundation

/// A server and a code that somebody proposes, by a link or by typing. Nothing is sent before the person agrees.
public struct PairingProposal: Hashable, Identifiable, Sendable {
    /// Why nothing can be proposed to the person.
    public enum Problem: Error, Equatable, Sendable {
        /// What was typed is no address of a server.
        case server
        /// What was typed is no pairing code.
        case code
        /// iOS refuses `http` to this host.
        case unencrypted(host: String)
        /// iOS refuses `http` to this host, which Tailscale has given its address or name.
        case unencryptedTailnet(host: String)
    }

    public let server: ServerAddress
    public let code: PairingCode

    public var id: Self { self }

    /// - Throws: `PairingLink.Problem`, what is wrong with the link; or `Problem`, that iOS refuses `http` to its server.
    public init(link: URL) throws {
        let link = try PairingLink(url: link)
        try self.init(link.server, link.code)
    }

    /// What a person has typed. White space around it does not count, and `https` is meant where the address names no scheme.
    ///
    /// - Throws: `Problem`.
    public init(server: String, code: String) throws {
        let address = server.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let server = ServerAddress(address.contains("://") ? address : "https://" + address) else { throw Problem.server }
        guard let code = PairingCode(text: code) else { throw Problem.code }
        try self.init(server, code)
    }

    private init(_ server: ServerAddress, _ code: PairingCode) throws {
        if !server.isEncrypted {
            switch HostKind(host: server.host) {
            case .local: break
            case .tailnet: throw Problem.unencryptedTailnet(host: server.host)
            case .remote: throw Problem.unencrypted(host: server.host)
            }
        }
        self.server = server
        self.code = code
    }
}

extension PairingProposal.Problem: LocalizedError {
    public var errorDescription: String? {
        switch self {
        case .server: String(localized: "A server’s address begins with https:// or http://.")
        case .code: String(localized: "A pairing code has 8 letters and digits.")
        case .unencrypted(let host):
            String(localized: "iOS allows http only in your own network. The server at \(host) needs an https address.")
        case .unencryptedTailnet(let host):
            String(
                localized: "iOS refuses http to \(host). On the server run “tailscale serve”, and use the https address that it shows.")
        }
    }
}
