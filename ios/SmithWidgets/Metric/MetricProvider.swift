import SmithKit
import WidgetKit

/// A moment of the widget: a value, or why there is none.
struct MetricEntry: TimelineEntry {
    enum Content: Sendable {
        case metric(Metric)
        case placeholder
        case notPaired
        case noValue(label: String?)
    }

    let date: Date
    let content: Content
    /// When the server last answered; nil if it did just now.
    let isOld: Bool
}

/// iOS asks when it has room, no oftener than about every 15 minutes.
struct MetricProvider: AppIntentTimelineProvider {
    private static let interval: TimeInterval = 15 * 60

    func placeholder(in context: Context) -> MetricEntry {
        MetricEntry(date: .now, content: .placeholder, isOld: false)
    }

    func snapshot(for configuration: ChooseMetric, in context: Context) async -> MetricEntry {
        await entry(for: configuration)
    }

    func timeline(for configuration: ChooseMetric, in context: Context) async -> Timeline<MetricEntry> {
        let entry = await entry(for: configuration)
        return Timeline(entries: [entry], policy: .after(entry.date.addingTimeInterval(Self.interval)))
    }

    private func entry(for configuration: ChooseMetric) async -> MetricEntry {
        let reading = await MetricSource.shared.current()
        guard reading.isPaired else { return MetricEntry(date: .now, content: .notPaired, isOld: false) }
        // Without a choice the first: the widget has something to show as soon as it is added.
        let chosen = configuration.metric.map { choice in reading.metrics.first { $0.key == choice.id } } ?? reading.metrics.first
        guard let metric = chosen else {
            return MetricEntry(date: .now, content: .noValue(label: configuration.metric?.label), isOld: reading.isOld)
        }
        return MetricEntry(date: .now, content: .metric(metric), isOld: reading.isOld)
    }
}
