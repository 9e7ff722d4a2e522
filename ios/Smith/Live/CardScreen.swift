import ActivityKit
import Foundation
import os
import SmithKit

/// The cards on the screen, and what the app does to them.
@MainActor
enum CardScreen {
    /// Those that the app itself is removing: the person has not.
    private static var removing: Set<String> = []
    /// One catching-up at a time: of two at once, both would start the same card.
    private static var last: Task<Void, Never>?

    /// Makes the screen equal to what the server says.
    static func catchUp(with state: DeviceState, dismissed: Set<String>) async {
        let before = last
        let task = Task {
            await before?.value
            for step in CatchUp.plan(answer: state, onScreen: onScreen, dismissed: dismissed, now: .now) { await perform(step) }
        }
        last = task
        await task.value
    }

    /// Removes all cards of an activity at once.
    static func remove(_ activityID: String) async {
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

    static func isRemoving(_ cardID: String) -> Bool { removing.contains(cardID) }

    private static var onScreen: [CatchUp.OnScreen] {
        Card.activities.map { CatchUp.OnScreen(activityID: $0.activityID, isRunning: $0.isRunning) }
    }

    private static func perform(_ step: CatchUp.Step) async {
        switch step {
        case .start(let activityID, let content): start(activityID, content)
        case .update(let activityID, let content): await update(activityID, content)
        case .end(let activityID, let content, let dismissAt): await end(activityID, content, dismissAt)
        case .remove(let activityID): await remove(activityID)
        case .leave: break
        }
    }
}
