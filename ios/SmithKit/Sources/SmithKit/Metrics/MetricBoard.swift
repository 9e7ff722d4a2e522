import Foundation

/// What widgets show: the account's metrics, as they were last read. They stay when the server is away.
///
/// The app and its widgets write the file, each all or nothing; either's answer will do, so no lock is needed.
public struct MetricBoard: Sendable {
    /// The metrics, and how fresh they are.
    public struct Snapshot: Equatable, Sendable {
        public var metrics: [Metric] = []
        /// When the server answered with them; nil if it never has.
        public var readAt: Date?
        /// Why there is nothing newer, as a sentence; nil if they are of now.
        public var trouble: String?
    }

    private let pairings: any PairingStore
    private let transport: any HTTPTransport
    private let file: KeptFile
    private let retry: RetryPolicy
    private let now: @Sendable () -> Date

    /// - Parameter file: where the metrics are kept, in a folder that the app and its widgets share.
    public init(
        pairings: any PairingStore, transport: any HTTPTransport, file: URL,
        // iOS gives a widget some seconds.
        retry: RetryPolicy = RetryPolicy(attempts: 2), now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.pairings = pairings
        self.transport = transport
        self.file = KeptFile(file)
        self.retry = retry
        self.now = now
    }

    /// Asks the server. Where it cannot, the metrics are those of before.
    public func refreshed() async -> Snapshot {
        do {
            guard let pairing = try pairings.load() else {
                return Snapshot(trouble: String(localized: "This phone is not paired. Open the app."))
            }
            let metrics = try await DeviceAPI(pairing, transport: transport, retry: retry).metrics()
            let answered = now()
            let kept = Kept(deviceID: pairing.deviceID, readAt: answered, metrics: metrics.map(\.json))
            // Where they cannot be kept, they are shown all the same.
            try? file.write(try JSONEncoder().encode(kept))
            return Snapshot(metrics: metrics, readAt: answered)
        } catch DeviceAPIError.unpaired {
            // What is of an account that the phone is no longer part of is not shown, and not kept either. A file that cannot
            // be removed now is removed by the next one that is written.
            try? file.remove()
            return Snapshot(trouble: DeviceAPIError.unpaired.localizedDescription)
        } catch {
            var snapshot = kept()
            snapshot.trouble = error.localizedDescription
            return snapshot
        }
    }

    /// The metrics as they were last read, without asking. Empty if there are none, or if they are another pairing's.
    public func kept() -> Snapshot {
        // A file that cannot be read is like none: the next answer replaces it.
        guard let data = try? file.read(), let kept = try? JSONDecoder().decode(Kept.self, from: data),
            let pairing = try? pairings.load(), pairing.deviceID == kept.deviceID
        else { return Snapshot() }
        return Snapshot(metrics: kept.metrics.compactMap(Metric.init), readAt: kept.readAt)
    }

    private struct Kept: Codable {
        var deviceID: String
        var readAt: Date
        var metrics: [JSONValue]
    }
}
