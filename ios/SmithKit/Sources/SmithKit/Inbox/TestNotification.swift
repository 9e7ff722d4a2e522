/// What became of a test notification by the time of the answer.
public struct TestNotification: Equatable, Sendable {
    /// What the notification is called, a UUID: its push carries it as `notification_id`.
    public let notificationID: String
    /// Whether Apple has taken it. If not, the server goes on trying.
    public let isTaken: Bool

    init?(fields: [String: JSONValue]) {
        guard let sent = fields["sent"]?.object else { return nil }
        notificationID = sent["notification_id"]?.text ?? ""
        isTaken = (sent["devices_notified"]?.wholeNumber ?? 0) > 0
    }

    /// The same in a sentence.
    public var words: String {
        isTaken
            ? String(localized: "Apple has taken it. It arrives in a moment.")
            : String(localized: "It is queued. Apple has not taken it yet; the server goes on trying.")
    }
}
