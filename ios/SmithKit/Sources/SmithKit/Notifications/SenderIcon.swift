import Foundation

/// The image of a sender. iOS shows it beside the app's icon if the notification is made a message from a person
/// (`INSendMessageIntent`).
public struct SenderIcon: Hashable, Sendable {
    /// A service extension has 24 MB of memory in all: larger images are not loaded.
    public static let mostBytes = 2_000_000

    public let url: URL
    /// The name of the person whom iOS shows as the sender: the notification's title.
    public let senderName: String
    /// The text of the message.
    public let message: String
    /// Messages of one conversation are stacked.
    public let conversationID: String?

    /// Nil if it names no image.
    public init?(_ push: PushPayload) {
        guard let icon = push.content.icon else { return nil }
        url = icon
        senderName = push.content.title
        message = push.content.message ?? push.content.subtitle ?? ""
        conversationID = push.threadID
    }
}
