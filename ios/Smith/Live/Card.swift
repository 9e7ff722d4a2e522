import ActivityKit
import SmithKit

/// A Live Activity as iOS has it. Apple does not say that it may be handed from one actor to another, so it stays in the function
/// that has asked for it, and `Card` travels.
typealias SystemCard = Activity<ActivitySmithAttributes>

/// A card on the screen.
struct Card: Sendable {
    /// iOS's identifier.
    let cardID: String
    /// The server's.
    let activityID: String
    let state: ActivityState
    /// The update token, in hexadecimal digits; nil before iOS has given out one.
    let token: String?

    init(_ card: SystemCard) {
        cardID = card.id
        activityID = card.attributes.activityID
        state = card.activityState
        token = card.pushToken?.hexadecimal
    }

    /// Neither over nor removed.
    var isRunning: Bool { state.isRunning }

    /// Those on the screen now, and those that have just left it.
    static var all: [Card] { SystemCard.activities.map(Card.init) }
}

extension ActivityState {
    var isRunning: Bool { self == .active || self == .stale }
}

extension Activity where Attributes == ActivitySmithAttributes {
    /// The card with this identifier of iOS's; nil if it is gone.
    static func named(_ cardID: String) -> SystemCard? {
        activities.first { $0.id == cardID }
    }
}
