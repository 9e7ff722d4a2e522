import SmithKit
import SwiftUI

/// A timer that iOS counts by itself, and a bar if it has an end.
struct TimerView: View {
    let timer: CardTimer
    let color: CardColor

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            TimerText(timer: timer)
                .font(.largeTitle.bold())
                .monospacedDigit()
            if timer.end != nil {
                TimerBar(timer: timer).tint(Color(card: color))
            }
        }
    }
}

/// What the timer shows, second by second.
struct TimerText: View {
    let timer: CardTimer

    var body: some View {
        Text(timerInterval: timer.interval, pauseTime: timer.pausedAt, countsDown: timer.countsDown)
    }
}

private struct TimerBar: View {
    let timer: CardTimer

    var body: some View {
        if timer.pausedAt != nil {
            // A bar that iOS fills by itself cannot be paused.
            ProgressView(value: timer.fraction(at: .now) ?? 0)
        } else {
            ProgressView(timerInterval: timer.interval, countsDown: timer.countsDown) {
                EmptyView()
            } currentValueLabel: {
                EmptyView()
            }
        }
    }
}
