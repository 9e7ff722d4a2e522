import Observation
import SmithKit

/// The test notification: whether the whole way works.
@MainActor @Observable
final class TestPush {
    private(set) var attempt = Attempt.idle
    private let api: DeviceAPI
    private let failures: CallFailures

    init(api: DeviceAPI, failures: CallFailures) {
        self.api = api
        self.failures = failures
    }

    func send() {
        guard attempt != .running else { return }
        attempt = .running
        Task {
            do {
                attempt = .succeeded(try await api.sendTestNotification().words)
            } catch {
                let words = await failures.words(for: error)
                attempt = words.map(Attempt.failed) ?? .idle
            }
        }
    }
}
