/// The notifications that the inbox shows, put together from pages, newest first.
public struct InboxHistory: Equatable, Sendable {
    /// More are not kept: a person who scrolls so far searches in the web admin.
    static let most = 1000

    public private(set) var notifications: [InboxNotification] = []
    /// Asks for what is older than the last; nil if there is nothing older.
    public private(set) var nextPageToken: String?

    public init() {}

    /// Takes in the first page again: new notifications, and those whose text was replaced.
    public mutating func refresh(with page: NotificationPage) {
        let known = Set(notifications.map(\.id))
        guard !known.isEmpty, page.notifications.contains(where: { known.contains($0.id) }) else {
            // More than a page has come since, or nothing was there: what is between is not known, so it begins again.
            notifications = page.notifications
            nextPageToken = page.nextPageToken
            return
        }
        let versions = Dictionary(notifications.map { ($0.id, $0) }) { first, _ in first }
        let newest = page.notifications.map { one in
            // An answer that was long on its way may be older than what is known.
            versions[one.id].flatMap { $0.version > one.version ? $0 : nil } ?? one
        }
        let listed = Set(newest.map(\.id))
        notifications = newest + notifications.filter { !listed.contains($0.id) }
        cut()
    }

    /// Takes in the page that `nextPageToken` has asked for.
    public mutating func append(_ page: NotificationPage) {
        let known = Set(notifications.map(\.id))
        notifications += page.notifications.filter { !known.contains($0.id) }
        nextPageToken = page.nextPageToken
        cut()
    }

    private mutating func cut() {
        guard notifications.count >= Self.most else { return }
        notifications = Array(notifications.prefix(Self.most))
        nextPageToken = nil
    }
}
