import SmithKit
import SwiftUI

/// A button of a notification in the inbox: opens its link, or has the server call the webhook and says what became of it.
struct InboxButton: View {
    @Environment(Phone.self) private var phone
    @Environment(\.openURL) private var openURL
    let button: NotificationButton
    @State private var attempt = Attempt.idle

    var body: some View {
        VStack(alignment: .leading) {
            Button(action: tap) {
                Label(button.title, systemImage: button.opensApp ? "arrow.up.right" : "bolt")
            }
            .disabled(attempt == .running)
            .accessibilityHint(button.opensApp ? Text("Opens a link") : Text("Calls a webhook"))
            if !attempt.words.isEmpty {
                Text(attempt.words).font(.caption).foregroundStyle(.secondary)
            }
        }
    }

    private func tap() {
        if let url = button.url { return openURL(url) }
        guard let session = phone.session else { return }
        attempt = .running
        Task { attempt = await session.run(actionID: button.identifier) }
    }
}
