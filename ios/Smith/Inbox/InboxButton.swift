import SmithKit
import SwiftUI

/// A button of a notification in the inbox: opens its link, or has the server call the webhook and says what became of it.
struct InboxButton: View {
    @Environment(Phone.self) private var phone
    let button: ActionButton
    @State private var attempt = Attempt.idle

    var body: some View {
        VStack(alignment: .leading) {
            Button(action: tap) {
                Label(button.title, systemImage: isLink ? "arrow.up.right" : "bolt")
            }
            .disabled(attempt == .running)
            .accessibilityHint(Text(button.accessibilityHint))
            if !attempt.words.isEmpty {
                Text(attempt.words).font(.caption).foregroundStyle(.secondary)
            }
        }
    }

    private var isLink: Bool { button.effect != .run }

    private func tap() {
        switch button.effect {
        case .open(let url):
            phone.follow(url)
        case .run:
            guard let session = phone.session else { return }
            attempt = .running
            Task { attempt = await session.run(actionID: button.id) }
        }
    }
}
