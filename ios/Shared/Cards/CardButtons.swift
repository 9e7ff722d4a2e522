import AppIntents
import SmithKit
import SwiftUI

/// A card's buttons, two at most.
struct CardButtons: View {
    let buttons: [ActionButton]
    let tint: CardColor

    var body: some View {
        if !buttons.isEmpty {
            HStack {
                ForEach(buttons) { button in
                    CardButton(button: button)
                }
            }
            .buttonStyle(.bordered)
            .tint(Color(card: tint))
        }
    }
}

private struct CardButton: View {
    let button: ActionButton

    var body: some View {
        Group {
            switch button.effect {
            case .run:
                Button(intent: RunAction(button)) { Text(button.title) }
            case .open(let url):
                // A link of a card opens the app that it belongs to, which then opens what the link names.
                if let link = CardLink.opening(url) {
                    Link(destination: link) { Text(button.title) }
                }
            }
        }
        .accessibilityHint(Text(button.accessibilityHint))
    }
}
