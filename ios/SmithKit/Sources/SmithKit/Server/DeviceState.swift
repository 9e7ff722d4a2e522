import Foundation

/// What the server says about a phone and its screen: the answer to `GET /api/device/state`.
public struct DeviceState: Equatable, Sendable {
    /// A Live Activity as this phone should show it.
    public struct Activity: Equatable, Sendable {
        public enum Phase: String, Sendable {
            case starting, active, ended
        }

        /// Nil for one that a later server has added: `CatchUp` leaves it alone.
        public let phase: Phase?
        public let activityID: String
        /// Exactly what a push would carry. Nil if the answer had none that can be read.
        public let contentState: ContentState?
        /// That of the newest push with this state. Passed on when the app updates the activity itself, so that an older push
        /// still on its way changes nothing.
        public let timestamp: Date?
        /// When Apple accepted the push that starts it. Nil before.
        public let startedAt: Date?
        /// When its state becomes out of date.
        public let staleAt: Date?
        /// When it leaves the screen. Of an ended one only.
        public let dismissAt: Date?
        /// The broadcast channel that tells it, as Apple writes it; nil if the phone is told by an update token.
        public let broadcastChannelID: String?
    }

    /// All that are, or are about to be, on this phone, oldest first. One that is not listed is to be removed.
    public let activities: [Activity]
    /// The newest number for the icon; nil if none was set.
    public let badge: Int?
    /// The phone as the server knows it.
    public let device: Device?
    /// Of this answer, an opaque text: `DeviceAPI.state(after:waitSeconds:)` waits for another one.
    public let version: String

    /// Nil if it is not such an answer: an app must not clear its screen because of what it cannot read.
    init?(fields: [String: JSONValue]) {
        guard let listed = fields["live_activities"]?.array else { return nil }
        activities = listed.compactMap(Activity.init)
        badge = fields["badge"]?.wholeNumber.flatMap { $0 >= 0 ? $0 : nil }
        device = Device(fields["device"])
        version = fields["version"]?.text ?? ""
    }
}

extension DeviceState.Activity {
    /// Nil without an identifier. All else that is missing or wrong is left out.
    init?(_ json: JSONValue) {
        guard let fields = json.object, let id = fields["activity_id"]?.words else { return nil }
        activityID = id
        phase = fields["phase"]?.text.flatMap(Phase.init)
        contentState = fields["content_state"]?.object.map(ContentState.init(fields:))
        timestamp = fields["timestamp"]?.number.flatMap { $0 > 0 ? Date(timeIntervalSince1970: $0) : nil }
        startedAt = fields["started_at"]?.moment
        staleAt = fields["stale_at"]?.moment
        dismissAt = fields["dismiss_at"]?.moment
        broadcastChannelID = fields["broadcast_channel_id"]?.words
    }
}
