import Foundation
import SmithKit

/// A Live Activity as the app shows it.
struct LiveCardState: Identifiable {
    let id: String
    let layout: CardLayout
    /// It should be on the Lock Screen and is not: the person has removed it, or iOS had no room for it.
    let isMissing: Bool
}

extension LiveState {
    /// Those that the screen shows, the newest first.
    func cards(at now: Date) -> [LiveCardState] {
        let shown = Set(Card.all.filter(\.isRunning).map(\.activityID))
        return activities.reversed().compactMap { activity in
            guard let state = activity.contentState, activity.dismissAt.map({ $0 > now }) ?? true else { return nil }
            return LiveCardState(
                id: activity.activityID,
                layout: CardLayout(state: state, isStale: activity.staleAt.map { $0 <= now } ?? false, at: now),
                isMissing: activity.phase == .active && !shown.contains(activity.activityID)
            )
        }
    }
}
