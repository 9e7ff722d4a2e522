import Foundation

/// What a person sees of a notification, whether a push brought it or the inbox did.
public struct NotificationContent: Hashable, Sendable {
    /// The notification's identifier on the server, a UUID; nil in a push of another sender.
    public let id: String?
    /// Empty if there is none.
    public let title: String
    public let subtitle: String?
    public let message: String?
    /// An image, audio or video. Only `https`.
    public let media: URL?
    /// An image of the sender, to show beside the app's icon. Only `https`.
    public let icon: URL?
    /// What a tap opens.
    public let redirection: URL?
    /// The buttons that this version can press.
    public let buttons: [ActionButton]
    /// The sender's own data.
    public let payload: [String: JSONValue]?

    /// Reads the fields that a push and the inbox have in common. What is missing or wrong is left out.
    init(id: String?, title: String?, subtitle: String?, message: String?, fields: [String: JSONValue]) {
        self.id = id
        self.title = title ?? ""
        self.subtitle = subtitle
        self.message = message
        media = fields["media"]?.words.flatMap(Self.download)
        icon = fields["icon"]?.words.flatMap(Self.download)
        redirection = fields["redirection"]?.words.flatMap { SafeLink.url($0, opens: .anyApp) }
        payload = fields["payload"]?.object
        let actions = (fields["actions"]?.array ?? []).compactMap(Action.init)
        buttons = actions.compactMap { ActionButton($0, opens: .anyApp) }
    }

    /// The URL, if the phone may load it without being asked: never unencrypted, and nothing of the phone itself.
    private static func download(_ text: String) -> URL? {
        SafeLink.url(text, opens: .anyApp).flatMap { $0.scheme?.lowercased() == "https" ? $0 : nil }
    }

    /// What a tap on the notification opens: its link, or else its media.
    public var destination: URL? { redirection ?? media }
}
