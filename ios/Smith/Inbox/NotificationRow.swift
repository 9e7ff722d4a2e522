import SmithKit
import SwiftUI

/// A notification as it was sent, or as it was replaced last.
struct NotificationRow: View {
    @Environment(\.openURL) private var openURL
    let item: InboxItem

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            NotificationText(item: item)
            if let media = item.media { MediaView(media: media) }
            if let destination = item.redirection {
                Button(action: { openURL(destination) }) {
                    Label("Open \(destination.host() ?? String(localized: "the link"))", systemImage: "arrow.up.right")
                }
            }
            ForEach(item.buttons, id: \.identifier) { button in
                InboxButton(button: button)
            }
        }
        .buttonStyle(.bordered)
        .padding(.vertical, 4)
    }
}

/// Its words, which screen readers read in one go.
private struct NotificationText: View {
    let item: InboxItem

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            HStack(alignment: .firstTextBaseline) {
                if let icon = item.senderIcon { SenderIconView(url: icon.url) }
                Text(item.title).font(.headline)
                Spacer()
                Text(item.createdAt, format: .relative(presentation: .named))
                    .font(.caption)
                    .foregroundStyle(.secondary)
            }
            if let subtitle = item.subtitle { Text(subtitle).font(.subheadline) }
            if let message = item.message { Text(message) }
            if let replacedAt = item.replacedAt {
                Text("Changed \(replacedAt, format: .relative(presentation: .named))")
                    .font(.caption)
                    .foregroundStyle(.secondary)
            }
        }
        .accessibilityElement(children: .combine)
    }
}
