import ActivityKit
import SmithKit

/// Watches what the server needs to start cards: the push-to-start token, and whether frequent updates are allowed.
@MainActor
final class TokenWatcher {
    private let report: @MainActor (TokenReport) -> Void

    init(report: @escaping @MainActor (TokenReport) -> Void) {
        self.report = report
    }

    /// Begins to watch. Called once, at launch.
    func start() {
        Task { await followPushToStartToken() }
        Task { await followFrequentPushes() }
    }

    private func followPushToStartToken() async {
        // The sequence does not always yield at launch, and Apple goes on accepting an old token without effect.
        if let token = SystemCard.pushToStartToken { report(TokenReport(pushToStartToken: token.hexadecimal)) }
        for await token in SystemCard.pushToStartTokenUpdates {
            report(TokenReport(pushToStartToken: token.hexadecimal))
        }
    }

    private func followFrequentPushes() async {
        let info = ActivityAuthorizationInfo()
        report(TokenReport(frequentPushesEnabled: info.frequentPushesEnabled))
        for await isEnabled in info.frequentPushEnablementUpdates {
            report(TokenReport(frequentPushesEnabled: isEnabled))
        }
    }
}
