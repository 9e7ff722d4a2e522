import SmithKit
import SwiftUI

/// The card without what stands beside the camera already.
struct ExpandedCard: View {
    let layout: CardLayout

    var body: some View {
        VStack(alignment: .leading, spacing: 6) {
            VStack(alignment: .leading, spacing: 6) {
                HStack(alignment: .firstTextBaseline) {
                    Text(layout.title).font(.headline).lineLimit(1)
                    Spacer()
                    if let badge = layout.badge { Text(badge.words).font(.caption.bold()) }
                }
                if let subtitle = layout.subtitle {
                    Text(subtitle).font(.subheadline).foregroundStyle(.secondary).lineLimit(1)
                }
                CardBodyView(content: layout.body, tint: layout.tint)
            }
            .accessibilityElement(children: .ignore)
            .accessibilityLabel(layout.accessibilityLabel)
            CardButtons(buttons: layout.buttons, tint: layout.tint)
        }
        .opacity(layout.isStale ? 0.6 : 1)
    }
}
