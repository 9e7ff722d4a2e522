import SmithKit
import SwiftUI

/// The Live Activities of this phone as the server says they are, also those that iOS had no room for.
struct LiveView: View {
    let live: LiveState

    var body: some View {
        NavigationStack {
            // A card is out of date, or leaves the screen, at a time of its own.
            TimelineView(.everyMinute) { context in
                LiveCards(cards: live.cards(at: context.date))
            }
            .safeAreaInset(edge: .top) { FaultBanner(words: live.fault) }
            .refreshable { await live.refresh() }
            .navigationTitle("Live")
        }
    }
}

private struct LiveCards: View {
    let cards: [LiveCardState]

    var body: some View {
        ScrollView {
            LazyVStack(spacing: 16) {
                ForEach(cards) { card in
                    LiveCard(card: card)
                }
            }
            .padding()
        }
        .overlay { if cards.isEmpty { NoCardsView() } }
    }
}

private struct LiveCard: View {
    let card: LiveCardState

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            CardView(layout: card.layout)
            if card.isMissing {
                Label("Not on the Lock Screen", systemImage: "eye.slash")
                    .font(.caption)
                    .foregroundStyle(.secondary)
            }
        }
        .padding()
        .background(.regularMaterial, in: .rect(cornerRadius: 20))
    }
}

private struct NoCardsView: View {
    var body: some View {
        ContentUnavailableView(
            "Nothing is live", systemImage: "bolt.horizontal",
            description: Text("A Live Activity appears here, and on the Lock Screen, while something goes on.")
        )
    }
}

#Preview {
    PairedPhone { LiveView(live: $0.live) }
}
