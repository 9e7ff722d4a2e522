import Foundation

/// Runs a webhook button and waits until it is known what came of it.
public struct ActionRunner: Sendable {
    /// Seconds between questions: 19 in all, of the 30 that iOS grants in the background. The first answer waits as well.
    static let pauses: [TimeInterval] = [1, 2, 3, 5, 8]

    private let api: DeviceAPI
    private let sleep: @Sendable (TimeInterval) async throws -> Void

    public init(_ api: DeviceAPI, sleep: @escaping @Sendable (TimeInterval) async throws -> Void = RetryPolicy.wait) {
        self.api = api
        self.sleep = sleep
    }

    /// Runs it.
    ///
    /// - Returns: the run as it was last seen. It may still be `running`: then the server goes on with it.
    /// - Throws: as the calls of `DeviceAPI`, if it is not known that the run has begun. Another tap is safe: it gets the
    ///   same run.
    public func run(actionID: String) async throws -> ActionRun {
        var run = try await api.run(actionID: actionID)
        for pause in Self.pauses where run.state == .running {
            try await sleep(pause)
            do {
                run = try await api.actionRun(id: run.id)
            } catch let error as DeviceAPIError where error.isPassing {
                // The run goes on all the same, so it is asked for again.
                continue
            }
        }
        return run
    }
}
