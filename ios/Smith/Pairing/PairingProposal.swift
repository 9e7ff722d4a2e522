import Foundation
import SmithKit

/// A server and a code that somebody proposes, by a link or by typing. Nothing is sent before the person agrees.
struct PairingProposal: Identifiable, Sendable {
    enum Problem: Error {
        case server, code

        var words: LocalizedStringResource {
            switch self {
            case .server: "A server’s address begins with https:// or http://."
            case .code: "A pairing code has 8 letters and digits."
            }
        }
    }

    let id = UUID()
    let server: ServerAddress
    let code: PairingCode

    var isEncrypted: Bool { server.url.scheme == "https" }

    init(link: PairingLink) {
        server = link.server
        code = link.code
    }

    /// - Throws: `Problem`, which field is wrong.
    init(server: String, code: String) throws {
        let address = server.trimmingCharacters(in: .whitespacesAndNewlines)
        // People type a bare name. What is meant is the encrypted form.
        guard let server = ServerAddress(address.contains("://") ? address : "https://" + address) else { throw Problem.server }
        guard let code = PairingCode(text: code) else { throw Problem.code }
        self.server = server
        self.code = code
    }
}
