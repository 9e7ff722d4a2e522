import Foundation

/// The payload of a push notification: Apple's keys in `aps`, the server's in `smith`.
///
/// Reading never fails. What is missing or of another kind is left out.
public struct PushPayload: Hashable, Sendable {
    /// How much a notification may interrupt, as Apple names it.
    public enum InterruptionLevel: String, Hashable, Sendable {
        case passive, active
        case timeSensitive = "time-sensitive"
        case critical
    }

    public let content: NotificationContent
    /// The number for the app's icon; 0 removes it, nil leaves it as it is.
    public let badge: Int?
    /// The name of its sound; nil for none.
    public let sound: String?
    public let interruptionLevel: InterruptionLevel
    /// Notifications of one thread are stacked; nil stacks them by the app.
    public let threadID: String?
    /// The category that the server has given it.
    public let category: String?
    /// Whether the service extension is to run.
    public let isMutable: Bool
    /// Whether there is anything to show. A push that only sets the number on the icon has nothing.
    public let hasAlert: Bool

    /// - Parameter userInfo: that of `UNNotificationContent`.
    public init(userInfo: [AnyHashable: Any]) {
        self.init(fields: JSONValue.fields(userInfo))
    }

    /// - Parameter fields: the push's JSON object.
    public init(fields: [String: JSONValue]) {
        let aps = fields["aps"]?.object ?? [:]
        let smith = fields["smith"]?.object ?? [:]
        // Apple allows a bare string for an alert that has a body only.
        let alert = aps["alert"]?.object ?? aps["alert"]?.text.map { ["body": .string($0)] } ?? [:]
        content = NotificationContent(
            id: smith["notification_id"]?.words, title: alert["title"]?.text, subtitle: alert["subtitle"]?.words,
            message: alert["body"]?.words, fields: smith)
        badge = aps["badge"]?.number.flatMap { Int(exactly: $0.rounded(.towardZero)) }
        sound = aps["sound"]?.words ?? aps["sound"]?.object?["name"]?.words
        interruptionLevel = aps["interruption-level"]?.text.flatMap(InterruptionLevel.init) ?? .active
        threadID = aps["thread-id"]?.words
        category = aps["category"]?.words
        isMutable = aps["mutable-content"]?.number == 1
        hasAlert = !alert.isEmpty
    }

    /// It joins the list, or changes what is there, without sound or light, even if it names a sound.
    public var isSilent: Bool { interruptionLevel == .passive }
}
