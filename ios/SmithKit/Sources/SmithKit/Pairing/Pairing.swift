import Foundation

/// What a phone knows after pairing: the server, and the secret that every further call carries.
public struct Pairing: Hashable, Sendable {
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

/// Where the pairing is kept: the keychain in the app, memory in tests.
public protocol PairingStore: Sendable {
    /// The pairing; nil if there is none.
    ///
    /// - Throws: if it cannot be read now, as before a restarted phone is first unlocked. That is not the same as none.
    func load() throws -> Pairing?
    /// Keeps the pairing in place of the one before.
    func save(_ pairing: Pairing) throws
    /// Forgets the pairing. Succeeds if there is none.
    func clear() throws
}
