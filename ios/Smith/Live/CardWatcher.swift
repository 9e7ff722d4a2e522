import ActivityKit
import SmithKit

/// Watches the cards on the screen from launch on: tells the server their update tokens and which of them the person removes,
/// and ends the second of two cards for one activity.
@MainActor
final class CardWatcher {
    private let report: (Report) -> Void
    private let foundDuplicate: () async -> Void
    private var watched: [String: String] = [:]
    private var watching: Task<Void, Never>?

    /// - Parameters:
    ///   - report: takes what the server is to hear.
    ///   - foundDuplicate: called once a second card is gone. The first may lack what the second was started with.
    init(report: @escaping (Report) -> Void, foundDuplicate: @escaping () async -> Void) {
        self.report = report
        self.foundDuplicate = foundDuplicate
    }

    /// Begins to watch. Called once, at launch, also when iOS launches the app because a push has started a card.
    func start() {
        Card.activities.forEach(watch)
        watching = Task { [weak self] in
            for await card in Card.activityUpdates { self?.watch(card) }
        }
    }

    private func watch(_ card: Card) {
        guard watched[card.id] == nil, card.isRunning else { return }
        watched[card.id] = card.activityID
        // A start whose answer was lost is repeated, and iOS shows it as another card. The first one stays.
        if Card.activities.contains(where: { $0.id != card.id && $0.isRunning && watched[$0.id] == card.activityID }) {
            Task {
                await card.end(nil, dismissalPolicy: .immediate)
                await foundDuplicate()
            }
            return
        }
        Task { await followToken(of: card) }
        Task { await followState(of: card) }
    }

    private func followToken(of card: Card) async {
        if let token = card.pushToken { report(.updateToken(token.hexadecimal, activityID: card.activityID)) }
        for await token in card.pushTokenUpdates {
            report(.updateToken(token.hexadecimal, activityID: card.activityID))
        }
    }

    private func followState(of card: Card) async {
        var before = card.activityState
        for await state in card.activityStateUpdates {
            // What had ended is removed by iOS; what had not, by the person.
            if state == .dismissed, before == .active || before == .stale { report(.dismissed(activityID: card.activityID)) }
            before = state
        }
        watched[card.id] = nil
    }
}
