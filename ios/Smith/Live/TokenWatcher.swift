import ActivityKit
import SmithKit

/// Watches what the server needs to start cards: the push-to-start token, and whether frequent updates are allowed.
@MainActor
final class TokenWatcher {
    private let report: @MainActor (TokenReport) -> Void
    private var watching: [Task<Void, Never>] = []

    init(report: @escaping @MainActor (TokenReport) -> Void) {
        self.report = report
    }

    /// Begins to watch. Called once, at launch.
    func start() {
        watching = [
            Task { [report] in
                // The sequence does not always yield at launch, and Apple goes on accepting an old token without effect.
                if let token = Card.pushToStartToken { report(TokenReport(pushToStartToken: token.hexadecimal)) }
                for await token in Card.pushToStartTokenUpdates {
                    report(TokenReport(pushToStartToken: token.hexadecimal))
                }
            },
            Task { [report] in
                let info = ActivityAuthorizationInfo()
                report(TokenReport(frequentPushesEnabled: info.frequentPushesEnabled))
                for await isEnabled in info.frequentPushEnablementUpdates {
                    report(TokenReport(frequentPushesEnabled: isEnabled))
                }
            },
        ]
    }
}
