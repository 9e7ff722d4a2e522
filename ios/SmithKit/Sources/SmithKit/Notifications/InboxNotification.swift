import Foundation

/// A notification as `GET /api/device/notifications` lists it.
public struct InboxNotification: Hashable, Sendable, Identifiable {
    /// The notification's identifier on the server, a UUID.
    public let id: String
    public let content: NotificationContent
    /// When the server accepted it.
    public let createdAt: Date?
    /// When its content was last replaced; nil if it never was.
    public let replacedAt: Date?
    /// Of its content: 1, and one more each time that it was replaced.
    public let version: Int

    /// Nil without an identifier. All else that is missing or wrong is left out.
    public init?(fields: [String: JSONValue]) {
        guard let id = fields["id"]?.words else { return nil }
        self.id = id
        content = NotificationContent(
            id: id, title: fields["title"]?.text, subtitle: fields["subtitle"]?.words,
            message: fields["message"]?.words, fields: fields)
        createdAt = fields["created_at"]?.moment
        replacedAt = fields["replaced_at"]?.moment
        version = fields["version"]?.wholeNumber ?? 1
    }
}

extension InboxNotification: Decodable {
    public init(from decoder: any Decoder) throws {
        guard let read = Self(fields: try JSONObject(from: decoder).fields) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a notification without an id"))
        }
        self = read
    }
}
