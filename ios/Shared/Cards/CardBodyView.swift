import SmithKit
import SwiftUI

/// What stands below a card's title: a view for each kind.
struct CardBodyView: View {
    let content: CardBody
    let tint: CardColor

    var body: some View {
        switch content {
        case .bar(let gauge):
            BarView(fraction: gauge.fraction, color: tint)
        case .segments(let segments):
            SegmentsView(segments: segments.segments)
        case .numeral(let gauge):
            HStack {
                LargeText(text: gauge.figure)
                BarView(fraction: gauge.fraction, color: tint)
            }
        case .tiles(let tiles, let hidden):
            TilesView(tiles: tiles, hidden: hidden)
        case .timer(let timer):
            TimerView(timer: timer, color: tint)
        case .message(let text):
            Text(text).lineLimit(CardLayout.Lines.message)
        case .large(let text):
            LargeText(text: text)
        }
    }
}

/// A number or a word that is the card.
struct LargeText: View {
    let text: String

    var body: some View {
        Text(text)
            .font(.largeTitle.bold())
            .monospacedDigit()
            .lineLimit(1)
            .minimumScaleFactor(0.4)
    }
}
