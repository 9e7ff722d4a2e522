import Foundation
import Intents
import os
import SmithKit
import UserNotifications

/// Everything that a notification gets on top of its text: buttons, media, the sender's icon.
struct Decoration: Sendable {
    /// iOS gives about 30 seconds; what takes longer is shown without.
    private static let patience: TimeInterval = 25
    private static let log = Logger(subsystem: Bundle.main.bundleIdentifier ?? "Smith", category: "notification service")

    let push: PushPayload
    let delivery: Delivery

    /// Buttons first, as they need no network; media and icon at the same time.
    func run() async {
        await addButtons()
        async let media: Void = addMedia()
        async let icon: Void = addIcon()
        _ = await (media, icon)
    }

    private func addButtons() async {
        guard let plan = NotificationCategoryPlan(push.content) else { return }
        await CategoryRegistry.register(plan)
        delivery.decorate { $0.categoryIdentifier = plan.identifier }
    }

    private func addMedia() async {
        guard let url = push.content.media else { return }
        do {
            let file = try await BoundedDownload.file(at: url, within: Self.patience) { type in
                MediaFile(contentType: type, url: url)?.mostBytes
            }
            guard let kind = MediaFile(contentType: file.contentType, url: url) else { return }
            // iOS tells the kind of a file by its name.
            let named = file.url.deletingLastPathComponent().appendingPathComponent(kind.name())
            try FileManager.default.moveItem(at: file.url, to: named)
            let attachment = try UNNotificationAttachment(identifier: "media", url: named)
            delivery.decorate { $0.attachments = [attachment] }
        } catch {
            Self.log.notice("Shown without its media: \(String(describing: error))")
        }
    }

    private func addIcon() async {
        guard let icon = SenderIcon(push) else { return }
        do {
            let file = try await BoundedDownload.file(at: icon.url, within: Self.patience) { type in
                type?.hasPrefix("image/") == true ? SenderIcon.mostBytes : nil
            }
            let message = icon.message(image: try Data(contentsOf: file.url))
            delivery.setSender(message)
            let interaction = INInteraction(intent: message, response: nil)
            interaction.direction = .incoming
            try await interaction.donate()
        } catch {
            Self.log.notice("Shown without the sender's icon: \(String(describing: error))")
        }
    }
}

extension SenderIcon {
    /// iOS shows a picture beside the app's icon for what a person sends, so the sender becomes a person.
    fileprivate func message(image: Data) -> INSendMessageIntent {
        let sender = INPerson(
            personHandle: INPersonHandle(value: url.absoluteString, type: .unknown), nameComponents: nil,
            displayName: senderName, image: INImage(imageData: image), contactIdentifier: nil,
            customIdentifier: url.absoluteString
        )
        return INSendMessageIntent(
            recipients: nil, outgoingMessageType: .outgoingMessageText, content: message, speakableGroupName: nil,
            conversationIdentifier: conversationID, serviceName: nil, sender: sender, attachments: nil
        )
    }
}
