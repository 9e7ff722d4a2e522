import Foundation

/// Asks again and again what should be on the screen, while the app is open: each question waits at the server until
/// something differs, so that the app shows each change within moments.
public struct StateFollower: Sendable {
    public enum News: Equatable, Sendable {
        /// Something differs from the news before.
        case state(DeviceState)
        /// There was no answer. It asks again after a pause, but not after `.unpaired`, which is the last news.
        case trouble(DeviceAPIError)
    }

    /// Seconds for which one question waits.
    static let waitSeconds = 25
    /// Seconds before which an answer without news was not worth the wait: the server has no room for waiting questions.
    static let prompt: TimeInterval = 5

    private let ask: @Sendable (_ after: String?) async throws -> DeviceState
    private let pauses: RetryPolicy
    private let now: @Sendable () -> Date

    public init(_ api: DeviceAPI) {
        self.init(pauses: RetryPolicy(firstPause: 1, longestPause: 30), now: { Date() }) { version in
            try await api.state(after: version, waitSeconds: Self.waitSeconds)
        }
    }

    init(
        pauses: RetryPolicy, now: @escaping @Sendable () -> Date,
        ask: @escaping @Sendable (_ after: String?) async throws -> DeviceState
    ) {
        self.pauses = pauses
        self.now = now
        self.ask = ask
    }

    /// Ends with the task that reads it, and after `.trouble(.unpaired)`. If the reader is slow it gets the newest only.
    public func news() -> AsyncStream<News> {
        AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let task = Task {
                await follow { continuation.yield($0) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func follow(_ tell: (News) -> Void) async {
        var version: String?
        var failures = 0
        while !Task.isCancelled {
            let asked = now()
            var pause: TimeInterval = 0
            do {
                // After a failure it asks for an answer at once: a question that waits would leave the trouble on the screen.
                let state = try await ask(failures == 0 ? version : nil)
                let isNews = state.version != version || failures > 0
                failures = 0
                version = state.version.isEmpty ? nil : state.version
                if isNews { tell(.state(state)) }
                if version == nil || (!isNews && now().timeIntervalSince(asked) < Self.prompt) {
                    pause = pauses.longestPause / 2
                }
            } catch let error as DeviceAPIError {
                tell(.trouble(error))
                if error == .unpaired { return }
                failures += 1
                pause = min(pauses.longestPause, pauses.firstPause * pow(2, Double(min(failures, 10) - 1)) * pauses.jitter())
            } catch {
                return
            }
            do { try await pauses.sleep(pause) } catch { return }
        }
    }
}
