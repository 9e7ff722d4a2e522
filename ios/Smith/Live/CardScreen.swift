import ActivityKit
import Foundation
import os
import SmithKit

/// Carries out what `CatchUp` has decided about the cards on the screen.
@MainActor
enum CardScreen {
    /// The cards on the screen, as `CatchUp` asks for them.
    static var shown: [CatchUp.Shown] {
        Card.activities.map { CatchUp.Shown(activityID: $0.activityID, isRunning: $0.isRunning) }
    }

    static func perform(_ steps: [CatchUp.Step]) async {
        for step in steps { await perform(step) }
    }

    /// Removes every card at once: the phone was unpaired, or the server is another one now.
    static func clear() async {
        for card in Card.activities { await card.end(nil, dismissalPolicy: .immediate) }
    }
}
