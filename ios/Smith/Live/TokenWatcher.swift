import ActivityKit
import SmithKit

/// Watches what the server needs to start cards: the push-to-start token, and whether frequent updates are allowed.
@MainActor
final class TokenWatcher {
    private let report: (Report) -> Void
    private var watching: [Task<Void, Never>] = []

    init(report: @escaping (Report) -> Void) {
        self.report = report
    }

    /// Begins to watch. Called once, at launch.
    func start() {
        watching = [
            Task { [weak self] in
                // The sequence does not always yield at launch, and an old token is accepted by Apple without effect.
                if let token = Card.pushToStartToken { self?.report(.pushToStartToken(token.hexadecimal)) }
                for await token in Card.pushToStartTokenUpdates { self?.report(.pushToStartToken(token.hexadecimal)) }
            },
            Task { [weak self] in
                let info = ActivityAuthorizationInfo()
                self?.report(.frequentPushes(info.frequentPushesEnabled))
                for await isEnabled in info.frequentPushEnablementUpdates { self?.report(.frequentPushes(isEnabled)) }
            },
        ]
    }
}
