import ActivityKit
import SmithKit

/// Watches the cards on the screen from launch on: tells the server their update tokens and which of them the person removes,
/// and ends the second of two cards for one activity.
@MainActor
final class CardWatcher {
    private let phone: Phone
    /// Card by card of iOS, the activity of the server.
    private var watched: [String: String] = [:]

    init(phone: Phone) {
        self.phone = phone
    }

    /// Begins to watch. Called once, at launch, also when iOS launches the app because a push has started a card.
    func start() {
        for card in Card.all { watch(card) }
        Task { await Self.followStarts { await self.watch($0) } }
    }

    private func watch(_ card: Card) {
        guard watched[card.cardID] == nil, card.isRunning else { return }
        // A start whose answer was lost is repeated, and iOS shows it as another card. The first one stays.
        let hasFirst = Card.all.contains {
            $0.cardID != card.cardID && $0.isRunning && watched[$0.cardID] == card.activityID
        }
        guard !hasFirst else {
            Task { await end(duplicate: card) }
            return
        }
        watched[card.cardID] = card.activityID
        Task { await Self.followToken(of: card.cardID) { await self.tell(token: $0, of: card) } }
        Task {
            await Self.followState(of: card.cardID) { await self.note($0, of: card, wasRunning: $1) }
            watched[card.cardID] = nil
        }
    }

    private func end(duplicate card: Card) async {
        await CardScreen.remove(card)
        // The first may be older than what the second was started with.
        await phone.catchUp()
    }

    private func tell(token: String, of card: Card) async {
        guard let reporter = phone.session?.reporter else { return }
        await BackgroundTime.whileDoing("update token") {
            await reporter.report(updateToken: token, ofActivity: card.activityID)
        }
    }

    private func note(_ state: ActivityState, of card: Card, wasRunning: Bool) async {
        guard let reporter = phone.session?.reporter else { return }
        switch state {
        // What had ended is removed by iOS; what had not, by the person.
        case .dismissed where wasRunning && !CardScreen.isRemoving(card):
            await BackgroundTime.whileDoing("dismissal") { await reporter.reportDismissal(ofActivity: card.activityID) }
        case .ended:
            await reporter.activityEnded(card.activityID)
        default:
            break
        }
    }
}

// MARK: Apple's sequences, away from the main actor

extension CardWatcher {
    private nonisolated static func followStarts(_ found: @Sendable (Card) async -> Void) async {
        for await card in SystemCard.activityUpdates { await found(Card(card)) }
    }

    private nonisolated static func followToken(of cardID: String, _ report: @Sendable (String) async -> Void) async {
        guard let card = SystemCard.named(cardID) else { return }
        for await token in card.pushTokenUpdates { await report(token.hexadecimal) }
    }

    private nonisolated static func followState(
        of cardID: String, _ note: @Sendable (_ state: ActivityState, _ wasRunning: Bool) async -> Void
    ) async {
        guard let card = SystemCard.named(cardID) else { return }
        var wasRunning = true
        for await state in card.activityStateUpdates {
            await note(state, wasRunning)
            wasRunning = state.isRunning
        }
    }
}
