import Foundation

/// A timer that the phone counts by itself: no push is needed for a tick.
///
/// A running one is drawn with `Text(timerInterval:pauseTime:countsDown:)` and
/// `ProgressView(timerInterval:countsDown:)`.
public struct CardTimer: Hashable, Sendable {
    public let start: Date
    /// Nil for one that counts up without an end.
    public let end: Date?
    /// While this is there, the timer shows what it showed then.
    public let pausedAt: Date?
    /// To 0 at `end`; otherwise up from 0 at `start`.
    public let countsDown: Bool

    init(_ window: ContentState.TimerWindow) {
        start = Date(timeIntervalSince1970: window.startsAt)
        end = window.endsAt.map(Date.init(timeIntervalSince1970:))
        pausedAt = window.pausedAt.map(Date.init(timeIntervalSince1970:))
        countsDown = window.countsDown && window.endsAt != nil
    }

    /// What it counts through.
    public var interval: ClosedRange<Date> {
        start...max(start, end ?? .distantFuture)
    }

    /// The seconds that it shows at this moment, 0 or more.
    public func seconds(at now: Date) -> TimeInterval {
        var moment = pausedAt ?? now
        if let end {
            moment = min(moment, end)
            if countsDown { return max(0, end.timeIntervalSince(max(moment, start))) }
        }
        return max(0, moment.timeIntervalSince(start))
    }

    /// The same in words, as `4:10`.
    public func text(at now: Date) -> String {
        Figures.clock(seconds(at: now))
    }

    /// How full its bar is at this moment, from 0 to 1; nil without an end, and then there is no bar.
    public func fraction(at now: Date) -> Double? {
        guard let end, end > start else { return nil }
        return min(1, max(0, seconds(at: now) / end.timeIntervalSince(start)))
    }

    /// What VoiceOver says. It stays true while the timer runs: a label is not made again with each second.
    func spoken(at now: Date, _ calendar: Calendar) -> String {
        if pausedAt != nil { return String(localized: "Timer paused at \(text(at: now))") }
        guard let end else { return String(localized: "Timer since \(moment(start, now, calendar))") }
        return end <= now ? String(localized: "Timer is over") : String(localized: "Timer until \(moment(end, now, calendar))")
    }

    /// The time, and on another day the date.
    private func moment(_ moment: Date, _ now: Date, _ calendar: Calendar) -> String {
        let isToday = calendar.isDate(moment, inSameDayAs: now)
        let style = Date.FormatStyle(
            date: isToday ? .omitted : .abbreviated, time: .shortened, locale: calendar.locale ?? .current,
            calendar: calendar, timeZone: calendar.timeZone)
        return moment.formatted(style)
    }
}
