import Foundation
import Observation
import SmithKit

/// What should be on this phone's screen. While the app is open it is asked for again and again, each time until something
/// differs; otherwise once at each wake.
@MainActor @Observable
final class LiveState {
    private(set) var activities: [DeviceState.Activity] = []
    /// Why this may be out of date; nil if it is not.
    private(set) var fault: String?
    private let api: DeviceAPI
    private let reporter: Reporter
    private let failures: CallFailures
    private var following: Task<Void, Never>?

    init(api: DeviceAPI, reporter: Reporter, failures: CallFailures) {
        self.api = api
        self.reporter = reporter
        self.failures = failures
    }

    /// Asks once, and makes the screen equal to the answer.
    func refresh() async {
        // Reports first: a card that the person has just removed must not come back.
        await reporter.settle()
        do {
            await show(try await api.state())
        } catch {
            fault = await failures.words(for: error) ?? fault
        }
    }

    /// Goes on asking until `stopFollowing`.
    func follow() {
        guard following == nil else { return }
        following = Task {
            await reporter.settle()
            for await news in StateFollower(api).news() {
                switch news {
                case .state(let state): await show(state)
                case .trouble(let error): fault = await failures.words(for: error)
                }
            }
        }
    }

    func stopFollowing() {
        following?.cancel()
        following = nil
    }

    private func show(_ state: DeviceState) async {
        activities = state.activities
        fault = nil
        await CardScreen.catchUp(with: state, dismissed: await reporter.dismissedActivities)
    }
}
