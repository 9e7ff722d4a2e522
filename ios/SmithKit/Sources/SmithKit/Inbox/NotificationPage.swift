/// A page of the notifications that were sent to this phone, newest first.
public struct NotificationPage: Equatable, Sendable {
    public var notifications: [InboxNotification]
    /// Asks for the next page; nil on the last.
    public var nextPageToken: String?

    public init(notifications: [InboxNotification], nextPageToken: String?) {
        self.notifications = notifications
        self.nextPageToken = nextPageToken
    }

    /// Nil if it is not such an answer.
    init?(fields: [String: JSONValue]) {
        guard let listed = fields["notifications"]?.array else { return nil }
        notifications = listed.compactMap { $0.object.flatMap(InboxNotification.init(fields:)) }
        nextPageToken = fields["next_page_token"]?.words
    }
}
