import SmithKit
import SwiftUI

/// A notification as it was sent, or as it was replaced last.
struct NotificationRow: View {
    @Environment(Phone.self) private var phone
    let item: InboxNotification

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            NotificationText(item: item)
            if let media = item.content.media { MediaView(url: media) }
            if let destination = item.content.redirection {
                Button("Open \(destination.host() ?? destination.absoluteString)", systemImage: "arrow.up.right") {
                    phone.follow(destination)
                }
            }
            ForEach(item.content.buttons) { button in
                InboxButton(button: button)
            }
        }
        .buttonStyle(.bordered)
        .padding(.vertical, 4)
    }
}

/// Its words, which screen readers read in one go.
private struct NotificationText: View {
    let item: InboxNotification

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            HStack(alignment: .firstTextBaseline) {
                if let icon = item.content.icon { SenderIconView(url: icon) }
                Text(item.content.title).font(.headline)
                Spacer()
                if let createdAt = item.createdAt {
                    Text(createdAt, format: .relative(presentation: .named))
                        .font(.caption)
                        .foregroundStyle(.secondary)
                }
            }
            if let subtitle = item.content.subtitle { Text(subtitle).font(.subheadline) }
            if let message = item.content.message { Text(message) }
            if let replacedAt = item.replacedAt {
                Text("Changed \(replacedAt, format: .relative(presentation: .named))")
                    .font(.caption)
                    .foregroundStyle(.secondary)
            }
        }
        .accessibilityElement(children: .combine)
    }
}
