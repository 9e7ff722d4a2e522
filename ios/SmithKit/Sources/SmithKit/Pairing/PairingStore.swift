import Foundation

/// Where the pairing is kept: the keychain in the app, memory in tests.
public protocol PairingStore: Sendable {
    /// The pairing; nil if there is none.
    ///
    /// - Throws: if it cannot be read now, as before a restarted phone is first unlocked. That is not the same as none.
    func load() throws -> Pairing?
    /// Keeps the pairing in place of the one before.
    func save(_ pairing: Pairing) throws
    /// Forgets the pairing. Succeeds if there is none.
    func delete() throws
}

/// Keeps the pairing as long as the process lives: for tests and previews.
public final class MemoryPairingStore: PairingStore, @unchecked Sendable {
    // Guarded by `lock`: that is what makes the class safe to share.
    private var pairing: Pairing?
    private let lock = NSLock()

    public init(_ pairing: Pairing? = nil) {
        self.pairing = pairing
    }

    public func load() throws -> Pairing? { lock.withLock { pairing } }
    public func save(_ pairing: Pairing) throws { lock.withLock { self.pairing = pairing } }
    public func delete() throws { lock.withLock { pairing = nil } }
}
