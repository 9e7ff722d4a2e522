import ActivityKit
import Foundation
import os
import SmithKit

/// The cards on the screen, and what the app does to them.
@MainActor
enum CardScreen {
    /// Those that the app itself is removing: the person has not.
    private static var removing: Set<String> = []
    /// Card by card, the timestamp of the state that the app has given it last.
    private static var given: [String: Date] = [:]
    private static var last: Task<Void, Never>?

    /// Makes the screen equal to what the server says.
    static func catchUp(with state: DeviceState, dismissed: Set<String>) async {
        // One after the other: of two at once, both would start the same card.
        let before = last
        let task = Task {
            await before?.value
            for step in CatchUp.plan(answer: state, onScreen: onScreen, dismissed: dismissed) { await perform(step) }
        }
        last = task
        await task.value
    }

    /// Removes all cards of an activity at once.
    static func remove(activityID: String) async {
        for card in Card.activities where card.activityID == activityID { await remove(card) }
    }

    /// Removes every card at once: the phone was unpaired, or is paired with another server.
    static func clear() async {
        for card in Card.activities { await remove(card) }
    }

    static func remove(_ card: Card) async {
        removing.insert(card.id)
        await card.end(nil, dismissalPolicy: .immediate)
    }

    static func isRemoving(_ card: Card) -> Bool { removing.contains(card.id) }

    private static var onScreen: [CatchUp.Card] {
        Card.activities.filter { $0.activityState != .dismissed }.map { card in
            CatchUp.Card(
                cardID: card.id, activityID: card.activityID, isEnded: card.activityState == .ended, timestamp: given[card.id])
        }
    }

    private static func perform(_ step: CatchUp.Step) async {
        switch step {
        case .start(let activityID, let state, let timestamp, let staleAt):
            start(activityID, ActivityContent(state: state, staleDate: staleAt), timestamp)
        case .update(let cardID, let state, let timestamp, let staleAt):
            await update(cardID, ActivityContent(state: state, staleDate: staleAt), timestamp)
        case .end(let cardID, let state, let timestamp, let dismissAt):
            await end(cardID, state.map { ActivityContent(state: $0, staleDate: nil) }, timestamp, dismissAt)
        case .leave:
            break
        }
    }

    private static func start(_ activityID: String, _ content: ActivityContent<ContentState>, _ timestamp: Date?) {
        do {
            let attributes = ActivitySmithAttributes(activityID: activityID)
            let card = try Card.request(attributes: attributes, content: content, pushType: .token)
            given[card.id] = timestamp
        } catch {
            // Not allowed, no room, or the app is in the background: the next time the app is opened tries again.
            Logger.smith.notice("No card for \(activityID, privacy: .public): \(error.localizedDescription)")
        }
    }

    private static func update(_ cardID: String, _ content: ActivityContent<ContentState>, _ timestamp: Date?) async {
        guard let card = card(cardID) else { return }
        await card.update(content, alertConfiguration: nil, timestamp: timestamp ?? .now)
        given[cardID] = timestamp
    }

    private static func end(
        _ cardID: String, _ content: ActivityContent<ContentState>?, _ timestamp: Date?, _ dismissAt: Date?
    ) async {
        guard let card = card(cardID) else { return }
        guard let dismissAt else { return await remove(card) }
        await card.end(content, dismissalPolicy: .after(dismissAt), timestamp: timestamp ?? .now)
    }

    private static func card(_ cardID: String) -> Card? {
        Card.activities.first { $0.id == cardID }
    }
}
