import SmithKit
import SwiftUI

/// A bar that is filled in part.
struct BarView: View {
    let fraction: Double
    let color: CardColor

    var body: some View {
        ProgressView(value: fraction)
            .tint(Color(card: color))
    }
}

/// A bar in pieces, one for each step.
struct SegmentsView: View {
    @ScaledMetric private var height: CGFloat = 6
    let segments: [CardSegments.Segment]

    var body: some View {
        HStack(spacing: 4) {
            ForEach(Array(segments.enumerated()), id: \.offset) { _, segment in
                Capsule()
                    .fill(Color(card: segment.color).opacity(opacity(of: segment.progress)))
                    .frame(height: height)
            }
        }
    }

    private func opacity(of progress: CardSegments.Progress) -> Double {
        switch progress {
        case .done: 1
        case .current: 0.7
        case .open: 0.25
        }
    }
}
