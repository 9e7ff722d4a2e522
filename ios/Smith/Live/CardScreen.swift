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
        for card in Card.all where card.activityID == activityID { await remove(card) }
    }

    /// Removes every card at once: the phone was unpaired, or is paired with another server.
    static func clear() async {
        for card in Card.all { await remove(card) }
    }

    static func remove(_ card: Card) async { await remove(cardID: card.cardID) }

    static func isRemoving(_ card: Card) -> Bool { removing.contains(card.cardID) }

    private static var onScreen: [CatchUp.Card] {
        Card.all.filter { $0.state != .dismissed }.map { card in
            CatchUp.Card(
                cardID: card.cardID, activityID: card.activityID, isEnded: card.state == .ended, timestamp: given[card.cardID])
        }
    }

    private static func perform(_ step: CatchUp.Step) async {
        switch step {
        case .start(let activityID, let state, let timestamp, let staleAt, let pushType):
            start(activityID, ActivityContent(state: state, staleDate: staleAt), timestamp, PushType(pushType))
        case .update(let cardID, let state, let timestamp, let staleAt):
            await update(cardID, ActivityContent(state: state, staleDate: staleAt), timestamp ?? .now)
            given[cardID] = timestamp
        case .end(let cardID, _, _, nil):
            await remove(cardID: cardID)
        case .end(let cardID, let state, let timestamp, let dismissAt?):
            await end(cardID, state.map { ActivityContent(state: $0, staleDate: nil) }, timestamp ?? .now, dismissAt)
        case .leave:
            break
        }
    }

    private static func start(
        _ activityID: String, _ content: ActivityContent<ContentState>, _ timestamp: Date?, _ pushType: PushType
    ) {
        do {
            let attributes = ActivitySmithAttributes(activityID: activityID)
            let card = try SystemCard.request(attributes: attributes, content: content, pushType: pushType)
            given[card.id] = timestamp
        } catch {
            // Not allowed, no room, or the app is in the background: the next time the app is opened tries again.
            Logger.smith.notice("No card for \(activityID, privacy: .public): \(error.localizedDescription, privacy: .public)")
        }
    }

    private static func remove(cardID: String) async {
        removing.insert(cardID)
        await endAtOnce(cardID)
    }
}

extension PushType {
    /// Before iOS 18 a card has an update token always. Once the app has reported it, the server sends the phone pushes of
    /// its own.
    fileprivate init(_ pushType: CatchUp.PushType) {
        if case .channel(let id) = pushType, #available(iOS 18, *) {
            self = .channel(id)
        } else {
            self = .token
        }
    }
}

// MARK: Apple's calls, away from the main actor

extension CardScreen {
    private nonisolated static func update(
        _ cardID: String, _ content: ActivityContent<ContentState>, _ timestamp: Date
    ) async {
        await SystemCard.named(cardID)?.update(content, alertConfiguration: nil, timestamp: timestamp)
    }

    private nonisolated static func end(
        _ cardID: String, _ content: ActivityContent<ContentState>?, _ timestamp: Date, _ dismissAt: Date
    ) async {
        await SystemCard.named(cardID)?.end(content, dismissalPolicy: .after(dismissAt), timestamp: timestamp)
    }

    private nonisolated static func endAtOnce(_ cardID: String) async {
        await SystemCard.named(cardID)?.end(nil, dismissalPolicy: .immediate)
    }
}
