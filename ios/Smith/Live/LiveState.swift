import Foundation
import Observation
import SmithKit

/// What should be on this phone's screen. While the app is open it is asked for again and again, each time until something
/// differs; otherwise once at each wake.
@MainActor @Observable
final class LiveState {
    private(set) var activities: [DeviceState.Activity] = []
    private(set) var device: Device?
    /// Why this may be out of date; nil if it is not.
    private(set) var fault: String?
    private let api: DeviceAPI
    private let reporter: Reporter
    private let failed: (any Error) -> String?
    private var following: Task<Void, Never>?

    private static let waitSeconds = 25
    private static let longestPause: TimeInterval = 30

    /// - Parameter failed: takes an error of a call; answers with what to tell the person.
    init(api: DeviceAPI, reporter: Reporter, failed: @escaping (any Error) -> String?) {
        self.api = api
        self.reporter = reporter
        self.failed = failed
    }

    /// Asks once, and makes the screen equal to the answer.
    func refresh() async {
        _ = await ask(after: nil)
    }

    /// Goes on asking until `stopFollowing`.
    func follow() {
        guard following == nil else { return }
        following = Task {
            var version: String?
            var failures = 0
            while !Task.isCancelled {
                version = await ask(after: version)
                failures = version == nil ? failures + 1 : 0
                guard failures > 0 else { continue }
                let pause = min(Self.longestPause, pow(2, Double(failures - 1))) * .random(in: 0.75...1.25)
                // Ends early only if there is nothing to ask for any more.
                try? await Task.sleep(for: .seconds(pause))
            }
        }
    }

    func stopFollowing() {
        following?.cancel()
        following = nil
    }

    /// - Returns: the version of the answer; nil if there was none.
    private func ask(after version: String?) async -> String? {
        do {
            // Reports first: what the person has just removed must not come back.
            await reporter.settle()
            let state = try await api.state(after: version, waitSeconds: version == nil ? 0 : Self.waitSeconds)
            activities = state.activities
            device = state.device
            fault = nil
            await CardScreen.catchUp(with: state, reporter: reporter)
            return state.version
        } catch is CancellationError {
            return nil
        } catch {
            fault = failed(error)
            return nil
        }
    }
}
