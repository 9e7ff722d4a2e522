import SmithKit
import SwiftUI

/// One small part of the Dynamic Island.
struct GlyphView: View {
    let glyph: CardGlyph

    var body: some View {
        switch glyph {
        case .symbol(let name, let color):
            SymbolImage(name: name).foregroundStyle(Color(card: color))
        case .text(let text, let color):
            Text(text)
                .monospacedDigit()
                .lineLimit(1)
                .minimumScaleFactor(0.5)
                .foregroundStyle(Color(card: color))
        case .timer(let timer, let color):
            TimerText(timer: timer)
                .monospacedDigit()
                .multilineTextAlignment(.trailing)
                // A timer's text takes all the width that it could ever need: an hour's, in the island.
                .frame(maxWidth: 56)
                .minimumScaleFactor(0.5)
                .foregroundStyle(Color(card: color))
        case .ring(let fraction, let color):
            ProgressView(value: fraction)
                .progressViewStyle(.circular)
                .tint(Color(card: color))
        case .nothing:
            EmptyView()
        }
    }
}

#Preview {
    HStack {
        ForEach(SampleCards.all, id: \.self) { state in
            GlyphView(glyph: CardLayout(state: state).island.minimal)
        }
    }
}
