import Foundation

/// What the app does after a tap on a notification or one of its buttons.
public enum TapOutcome: Hashable, Sendable {
    /// It opens the link.
    case open(URL)
    /// It has the server run the action with this identifier.
    case run(actionID: String, title: String)
    /// It shows the notification with this identifier in the inbox; nil shows the inbox.
    case show(notificationID: String?)
    /// Nothing: the person has dismissed the notification.
    case nothing

    /// `UNNotificationDefaultActionIdentifier`: a tap on the notification itself.
    public static let defaultAction = "com.apple.UNNotificationDefaultActionIdentifier"
    /// `UNNotificationDismissActionIdentifier`.
    public static let dismissAction = "com.apple.UNNotificationDismissActionIdentifier"

    /// - Parameter actionIdentifier: that of `UNNotificationResponse`.
    public init(actionIdentifier: String, content: NotificationContent) {
        switch actionIdentifier {
        case Self.dismissAction:
            self = .nothing
        case Self.defaultAction:
            self = content.destination.map(TapOutcome.open) ?? .show(notificationID: content.id)
        default:
            let button = content.buttons.first { $0.id == actionIdentifier }
            self = button.map(TapOutcome.init) ?? .show(notificationID: content.id)
        }
    }

    /// What a tap on a button does.
    public init(_ button: ActionButton) {
        switch button.effect {
        case .run: self = .run(actionID: button.id, title: button.title)
        case .open(let url): self = .open(url)
        }
    }
}
