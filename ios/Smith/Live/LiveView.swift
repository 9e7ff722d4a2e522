import SmithKit
import SwiftUI

/// The Live Activities of this phone as the server says they are, also those that iOS had no room for.
struct LiveView: View {
    let live: LiveState

    var body: some View {
        NavigationStack {
            ScrollView {
                LazyVStack(spacing: 16) {
                    ForEach(live.cards) { card in
                        LiveCard(card: card)
                    }
                }
                .padding()
            }
            .overlay { if live.cards.isEmpty { NoCardsView() } }
            .safeAreaInset(edge: .top) { FaultBanner(words: live.fault) }
            .refreshable { await live.refresh() }
            .navigationTitle("Live")
        }
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
