import SmithKit
import WidgetKit

/// A moment of the widget: a value, or why there is none.
struct MetricEntry: TimelineEntry {
    enum Content: Sendable {
        case metric(Metric)
        case placeholder
        case noValue(label: String?, why: String?)
    }

    let date: Date
    let content: Content
    /// The server did not answer: the value is the last one that is known.
    let isOld: Bool
}

/// iOS asks when it has room, no oftener than about every 15 minutes.
struct MetricProvider: AppIntentTimelineProvider {
    private static let interval: TimeInterval = 15 * 60

    func placeholder(in context: Context) -> MetricEntry {
        MetricEntry(date: .now, content: .placeholder, isOld: false)
    }

    /// For the gallery: quick, so without asking if anything is known.
    func snapshot(for configuration: ChooseMetric, in context: Context) async -> MetricEntry {
        let kept = MetricBoard.ofThisPhone.kept()
        return entry(for: configuration, kept.metrics.isEmpty ? await MetricBoard.ofThisPhone.refreshed() : kept)
    }

    func timeline(for configuration: ChooseMetric, in context: Context) async -> Timeline<MetricEntry> {
        let entry = entry(for: configuration, await MetricBoard.ofThisPhone.refreshed())
        return Timeline(entries: [entry], policy: .after(entry.date.addingTimeInterval(Self.interval)))
    }

    private func entry(for configuration: ChooseMetric, _ board: MetricBoard.Snapshot) -> MetricEntry {
        // Without a choice the first: the widget has something to show as soon as it is added.
        let chosen = configuration.metric.map { choice in board.metrics.first { $0.key == choice.id } } ?? board.metrics.first
        let content = chosen.map(MetricEntry.Content.metric) ?? .noValue(label: configuration.metric?.label, why: board.trouble)
        return MetricEntry(date: .now, content: content, isOld: board.trouble != nil)
    }
}
