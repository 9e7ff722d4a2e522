/// What a phone knows after pairing: the server, and the secret that every further call carries.
public struct Pairing: Hashable, Sendable, Codable {
    public var server: ServerAddress
    /// The device's identifier on the server, a UUID.
    public var deviceID: String
    /// The device's secret (`dev_…`). It belongs in the keychain.
    public var secret: String

    public init(server: ServerAddress, deviceID: String, secret: String) {
        self.server = server
        self.deviceID = deviceID
        self.secret = secret
    }
}
