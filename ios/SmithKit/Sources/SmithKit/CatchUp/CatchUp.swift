import Foundation

/// Makes the screen equal to what the server says should be on it, after the phone has missed pushes.
///
/// The simulated iPhone and this agree on a table of cases: `Tests/SmithKitTests/Fixtures/catch_up.json`.
public enum CatchUp {
    /// A card on the screen.
    public struct Card: Equatable, Sendable {
        /// The system's identifier: `Activity.id`.
        public var cardID: String
        /// The server's: `ActivitySmithAttributes.activityID`.
        public var activityID: String
        /// Whether it has ended and is still on the screen.
        public var isEnded: Bool
        /// Of the state that it shows; nil if that is not known. iOS ignores an older one by itself.
        public var timestamp: Date?

        public init(cardID: String, activityID: String, isEnded: Bool = false, timestamp: Date? = nil) {
            self.cardID = cardID
            self.activityID = activityID
            self.isEnded = isEnded
            self.timestamp = timestamp
        }
    }

    /// How a card that the app starts gets its further states: ActivityKit's `PushType`.
    public enum PushType: Equatable, Sendable {
        /// By an update token, which the app reports.
        case token
        /// By this broadcast channel, which tells many phones at once. There is no token to report. From iOS 18 on.
        case channel(String)
    }

    /// One thing for the app to do.
    public enum Step: Equatable, Sendable {
        /// The app starts it itself.
        case start(activityID: String, ContentState, timestamp: Date?, staleAt: Date?, PushType)
        /// The app updates the card, with the timestamp.
        case update(cardID: String, ContentState, timestamp: Date?, staleAt: Date?)
        /// The app ends the card: with this state, or with the one that it shows. It leaves the screen at `dismissAt`; nil
        /// is at once.
        case end(cardID: String, ContentState?, timestamp: Date?, dismissAt: Date?)
        /// Nothing is done about this activity.
        case leave(activityID: String, because: Reason)
    }

    /// Why nothing is done.
    public enum Reason: String, Equatable, Sendable {
        /// A start is queued or on its way.
        case starting
        /// It has ended, and is not on the screen.
        case over
        /// The person has removed it.
        case dismissed
        /// Apple has taken the start less than a minute ago, or not yet: the push may still come, and a second card with it.
        case tooSoon
        /// The card shows this or something newer.
        case asNew
        /// iOS has ended the card by itself.
        case ended
        /// Its phase or state is not one that this version can read.
        case unreadable
    }

    /// How long the push that starts an activity may take.
    public static let patience: TimeInterval = 60

    /// What to do. Ends come first: iOS allows few activities at once.
    ///
    /// - Parameters:
    ///   - answer: of `DeviceAPI.state`.
    ///   - cards: those on the screen, in any order. Of two of the same activity the first that has not ended stays.
    ///   - dismissed: `Reporter.dismissedActivities`.
    public static func plan(
        answer: DeviceState, onScreen cards: [Card], dismissed: Set<String> = [], now: Date = Date()
    ) -> [Step] {
        let shown = Dictionary(cards.map { ($0.activityID, $0) }) { first, second in
            first.isEnded && !second.isEnded ? second : first
        }
        let listed = Set(answer.activities.map(\.activityID))
        let superfluous = cards.filter { !listed.contains($0.activityID) || shown[$0.activityID]?.cardID != $0.cardID }
        let ends: [Step] = superfluous.map { .end(cardID: $0.cardID, nil, timestamp: nil, dismissAt: nil) }
        let steps = answer.activities.map { step(for: $0, shown[$0.activityID], dismissed, now) }
        return ends + steps.filter(\.isEnd) + steps.filter { !$0.isEnd }
    }

    private static func step(
        for activity: DeviceState.Activity, _ card: Card?, _ dismissed: Set<String>, _ now: Date
    ) -> Step {
        func leave(_ reason: Reason) -> Step { .leave(activityID: activity.activityID, because: reason) }
        switch (activity.phase, card) {
        case (.starting, _): return leave(.starting)
        case (.ended, nil): return leave(.over)
        case (.ended, let card?): return end(card, activity, now)
        case (.active, let card?): return update(card, activity)
        case (.active, nil):
            if dismissed.contains(activity.activityID) { return leave(.dismissed) }
            guard let state = activity.contentState else { return leave(.unreadable) }
            guard let started = activity.startedAt, now.timeIntervalSince(started) >= patience else { return leave(.tooSoon) }
            return .start(
                activityID: activity.activityID, state, timestamp: activity.timestamp, staleAt: activity.staleAt,
                activity.broadcastChannelID.map(PushType.channel) ?? .token)
        case (nil, _): return leave(.unreadable)
        }
    }

    private static func update(_ card: Card, _ activity: DeviceState.Activity) -> Step {
        func leave(_ reason: Reason) -> Step { .leave(activityID: activity.activityID, because: reason) }
        if card.isEnded { return leave(.ended) }
        guard let state = activity.contentState else { return leave(.unreadable) }
        if !activity.isNewer(than: card) { return leave(.asNew) }
        return .update(cardID: card.cardID, state, timestamp: activity.timestamp, staleAt: activity.staleAt)
    }

    private static func end(_ card: Card, _ activity: DeviceState.Activity, _ now: Date) -> Step {
        let state = activity.isNewer(than: card) ? activity.contentState : nil
        let dismissAt = activity.dismissAt.flatMap { $0 > now ? $0 : nil }
        return .end(cardID: card.cardID, state, timestamp: activity.timestamp, dismissAt: dismissAt)
    }
}

extension CatchUp.Step {
    fileprivate var isEnd: Bool {
        if case .end = self { true } else { false }
    }
}

extension DeviceState.Activity {
    /// If one of the timestamps is not known, the state is taken for newer: iOS ignores it if it is not.
    fileprivate func isNewer(than card: CatchUp.Card) -> Bool {
        guard let timestamp, let shown = card.timestamp else { return true }
        return timestamp > shown
    }
}
