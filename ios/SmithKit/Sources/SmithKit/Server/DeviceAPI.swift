import Foundation

/// The server's calls for a paired phone.
public struct DeviceAPI: Sendable {
    public let server: ServerAddress
    let secret: String
    let transport: any HTTPTransport

    public init(server: ServerAddress, secret: String, transport: any HTTPTransport) {
        self.server = server
        self.secret = secret
        self.transport = transport
    }
}
