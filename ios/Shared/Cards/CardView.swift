import SmithKit
import SwiftUI

/// A Live Activity's card, on the Lock Screen and in the app. It paints `CardLayout` and decides nothing.
struct CardView: View {
    let layout: CardLayout

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            VStack(alignment: .leading, spacing: 8) {
                if let notice = layout.notice {
                    Label(notice, systemImage: "clock.badge.exclamationmark").font(.caption)
                }
                CardHeader(layout: layout)
                CardBodyView(content: layout.body, tint: layout.tint)
            }
            .accessibilityElement(children: .ignore)
            .accessibilityLabel(layout.accessibilityLabel)
            CardButtons(buttons: layout.buttons, tint: layout.tint)
        }
        .opacity(layout.isStale ? 0.6 : 1)
    }
}

/// Title, symbol, word and figure: what all types have.
struct CardHeader: View {
    let layout: CardLayout

    var body: some View {
        HStack(alignment: .firstTextBaseline) {
            if let icon = layout.icon {
                SymbolImage(name: icon.words).foregroundStyle(Color(card: icon.color))
            }
            VStack(alignment: .leading, spacing: 2) {
                Text(layout.title).font(.headline).lineLimit(CardLayout.Lines.title)
                if let subtitle = layout.subtitle {
                    Text(subtitle)
                        .font(.subheadline)
                        .foregroundStyle(.secondary)
                        .lineLimit(CardLayout.Lines.subtitle)
                }
            }
            Spacer(minLength: 8)
            VStack(alignment: .trailing, spacing: 2) {
                if let figure = layout.figure {
                    Text(figure)
                        .font(layout.isFigureLong ? .headline : .title2.bold())
                        .monospacedDigit()
                }
                if let badge = layout.badge { BadgeView(badge: badge) }
            }
        }
    }
}

private struct BadgeView: View {
    let badge: CardMark

    var body: some View {
        Text(badge.words)
            .font(.caption.bold())
            .padding(.horizontal, 8)
            .padding(.vertical, 2)
            .foregroundStyle(Color(card: badge.color))
            .background(Color(card: badge.color).opacity(0.2), in: .capsule)
    }
}

#Preview("Every type") {
    ScrollView {
        VStack(alignment: .leading, spacing: 24) {
            ForEach(SampleCards.all, id: \.self) { state in
                CardView(layout: CardLayout(state: state))
            }
        }
        .padding()
    }
}

#Preview("Out of date") {
    CardView(layout: CardLayout(state: SampleCards.progress, isStale: true)).padding()
}
