import ActivityKit
import SmithKit

/// Watches the cards on the screen from launch on: tells the server their update tokens and which of them the person removes,
/// and ends the second of two cards for one activity.
@MainActor
final class CardWatcher {
    private let phone: Phone
    /// Card by card of iOS, the activity of the server.
    private var watched: [String: String] = [:]
    private var watching: Task<Void, Never>?

    init(phone: Phone) {
        self.phone = phone
    }

    /// Begins to watch. Called once, at launch, also when iOS launches the app because a push has started a card.
    func start() {
        for card in Card.activities { watch(card) }
        watching = Task { for await card in Card.activityUpdates { watch(card) } }
    }

    private func watch(_ card: Card) {
        guard watched[card.id] == nil, card.isRunning else { return }
        // A start whose answer was lost is repeated, and iOS shows it as another card. The first one stays.
        let hasFirst = Card.activities.contains {
            $0.id != card.id && $0.isRunning && watched[$0.id] == card.activityID
        }
        if hasFirst {
            Task { await end(duplicate: card) }
        } else {
            watched[card.id] = card.activityID
            Task { await followToken(of: card) }
            Task { await followState(of: card) }
        }
    }

    private func end(duplicate card: Card) async {
        await CardScreen.remove(card)
        // The first may be older than what the second was started with.
        await phone.catchUp()
    }

    private func followToken(of card: Card) async {
        for await token in card.pushTokenUpdates {
            guard let reporter = phone.session?.reporter else { continue }
            await BackgroundTime.whileDoing("update token") {
                await reporter.report(updateToken: token.hexadecimal, ofActivity: card.activityID)
            }
        }
    }

    private func followState(of card: Card) async {
        var wasRunning = true
        for await state in card.activityStateUpdates {
            switch state {
            // What had ended is removed by iOS; what had not, by the person.
            case .dismissed where wasRunning && !CardScreen.isRemoving(card):
                await tellDismissal(of: card)
            case .ended:
                await phone.session?.reporter.activityEnded(card.activityID)
            default:
                break
            }
            wasRunning = state == .active || state == .stale
        }
        watched[card.id] = nil
    }

    private func tellDismissal(of card: Card) async {
        guard let reporter = phone.session?.reporter else { return }
        await BackgroundTime.whileDoing("dismissal") { await reporter.reportDismissal(ofActivity: card.activityID) }
    }
}
