import Foundation

/// How a call is repeated that has found no answer, or a server that cannot answer now.
public struct RetryPolicy: Sendable {
    /// Tries in all, 1 or more.
    public var attempts: Int
    /// Seconds before the second try. Each further pause is twice as long.
    public var firstPause: TimeInterval
    /// No pause is longer than so many seconds. If the server asks for a longer one, the call ends with its error.
    public var longestPause: TimeInterval
    /// Waits for so many seconds, or throws `CancellationError`.
    public var sleep: @Sendable (TimeInterval) async throws -> Void
    /// What pauses are multiplied by, so that many phones do not come back at the same moment.
    public var jitter: @Sendable () -> Double

    public init(
        attempts: Int = 4, firstPause: TimeInterval = 0.5, longestPause: TimeInterval = 10,
        sleep: @escaping @Sendable (TimeInterval) async throws -> Void = Self.wait,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0.75...1.25) }
    ) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.sleep = sleep
        self.jitter = jitter
    }

    /// Waits for the time to pass.
    public static let wait: @Sendable (TimeInterval) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }

    /// How long to wait after a try, in seconds; nil if that was the last one.
    ///
    /// - Parameters:
    ///   - attempt: the try that has failed, from 1.
    ///   - retryAfter: what the server has asked for, in seconds.
    func pause(after attempt: Int, retryAfter: TimeInterval?) -> TimeInterval? {
        guard attempt < attempts else { return nil }
        if let retryAfter, retryAfter > longestPause { return nil }
        let pause = min(longestPause, firstPause * pow(2, Double(attempt - 1)) * jitter())
        return max(pause, retryAfter ?? 0)
    }
}
