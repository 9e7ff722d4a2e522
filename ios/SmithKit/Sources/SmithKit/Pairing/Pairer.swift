import Foundation

/// Pairs the phone and unpairs it. The phone has one pairing, and keeps one secret.
public struct Pairer: Sendable {
    private let store: any PairingStore
    private let transport: any HTTPTransport
    private let retry: RetryPolicy

    public init(store: any PairingStore, transport: any HTTPTransport, retry: RetryPolicy = RetryPolicy()) {
        self.store = store
        self.transport = transport
        self.retry = retry
    }

    /// Trades a code for a pairing, and keeps it in place of the one before.
    ///
    /// The former server is told first that the phone has left it: were the app to die between the two, the phone would
    /// have to pair once more, rather than get pushes that it can no longer stop. If that server cannot be reached, the
    /// phone pairs all the same; as soon as it reports its tokens, the same server takes them from the former device.
    ///
    /// - Parameter name: the phone's name on the server. White space around it does not count, nor what is beyond 100
    ///   characters.
    /// - Throws: `DeviceAPIError`, `CancellationError`, or what the store throws. The call is made once: a code works once,
    ///   so a lost answer costs a new code.
    public func pair(server: ServerAddress, code: PairingCode, name: String) async throws -> Pairing {
        let former = try store.load()
        let pairing = try await trade(code, at: server, name: name)
        if let former { await leave(former) }
        do {
            try store.save(pairing)
        } catch {
            // A device that no phone can speak for would stay in the list of devices.
            await leave(pairing)
            throw error
        }
        return pairing
    }

    /// Unpairs the phone, and forgets the pairing. Succeeds if there is none.
    ///
    /// - Throws: as the calls of `DeviceAPI`, if the server was not heard; the pairing is kept then. `forget()` does without
    ///   the server.
    public func unpair() async throws {
        guard let pairing = try store.load() else { return }
        try await DeviceAPI(pairing, transport: transport, retry: retry).unpair()
        try forget(pairing)
    }

    /// Forgets a pairing without telling the server: after `DeviceAPIError.unpaired`, or if the server is gone for good. A
    /// pairing that was made meanwhile stays.
    public func forget(_ pairing: Pairing) throws {
        if try store.load() == pairing { try store.delete() }
    }

    private func trade(_ code: PairingCode, at server: ServerAddress, name: String) async throws -> Pairing {
        let scalars = name.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars.prefix(100)
        let name = String(String.UnicodeScalarView(scalars))
        let answer = try await Caller(server: server, transport: transport, retry: retry).call(
            .post, ["device", "pair"], body: ["pairing_code": .string(code.text), "name": .string(name.isEmpty ? "iPhone" : name)],
            repeatable: .never)
        guard let id = answer["device_id"]?.words, let secret = answer["device_token"]?.words else {
            throw DeviceAPIError.unreadable(from: server)
        }
        return Pairing(server: server, deviceID: id, secret: secret)
    }

    /// Tells a server once, and does not wait long: what is said here is a courtesy.
    private func leave(_ pairing: Pairing) async {
        var once = retry
        once.attempts = 1
        let impatient = ImpatientTransport(transport, seconds: 5)
        do {
            try await DeviceAPI(pairing, transport: impatient, retry: once).unpair()
        } catch {
            // The server notices by itself: see `pair`.
        }
    }
}

/// Waits no longer than so many seconds for any answer.
private struct ImpatientTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let seconds: TimeInterval

    init(_ transport: any HTTPTransport, seconds: TimeInterval) {
        self.transport = transport
        self.seconds = seconds
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        request.timeout = min(request.timeout, seconds)
        return try await transport.send(request)
    }
}
