import SmithKit
import SwiftUI

/// Numbers and texts side by side: as many columns as there is room for.
struct TilesView: View {
    let tiles: [CardTile]
    let hidden: Int

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            LazyVGrid(columns: [GridItem(.adaptive(minimum: 72), alignment: .top)], alignment: .leading, spacing: 8) {
                ForEach(Array(tiles.enumerated()), id: \.offset) { _, tile in
                    TileView(tile: tile)
                }
            }
            if hidden > 0 {
                Text("and \(hidden) more").font(.caption).foregroundStyle(.secondary)
            }
        }
    }
}

private struct TileView: View {
    let tile: CardTile

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(tile.label).font(.caption).foregroundStyle(.secondary).lineLimit(1)
            Text(verbatim: tile.figure + tile.unit)
                .font(font)
                .monospacedDigit()
                .lineLimit(1)
                .minimumScaleFactor(0.6)
                .foregroundStyle(tile.isColored ? Color(card: tile.color) : .primary)
            if let fraction = tile.fraction { BarView(fraction: fraction, color: tile.color) }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }

    private var font: Font {
        switch tile.size {
        case .large: .title2.bold()
        case .medium: .headline
        case .small: .subheadline.bold()
        }
    }
}
