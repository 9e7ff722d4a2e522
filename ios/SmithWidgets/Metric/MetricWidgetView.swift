import SmithKit
import SwiftUI
import WidgetKit

struct MetricWidgetView: View {
    @Environment(\.widgetFamily) private var family
    let entry: MetricEntry

    var body: some View {
        switch entry.content {
        case .metric(let metric):
            switch family {
            case .accessoryInline: Text(verbatim: "\(metric.label) \(metric.text)")
            case .accessoryCircular: MetricGlance(metric: metric)
            default: MetricCard(metric: metric, isOld: entry.isOld)
            }
        case .placeholder:
            MetricWords(label: "Metric", words: "–").redacted(reason: .placeholder)
        case .notPaired:
            MetricWords(label: "Smith", words: "Open the app to pair this phone")
        case .noValue(let label):
            MetricWords(label: label ?? String(localized: "Metric"), words: "No value yet")
        }
    }
}

/// Label, value and when it was measured.
private struct MetricCard: View {
    let metric: Metric
    let isOld: Bool

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(metric.label).font(.caption).foregroundStyle(.secondary)
            Text(metric.text)
                .font(.title.bold())
                .minimumScaleFactor(0.5)
                .widgetAccentable()
            Spacer(minLength: 0)
            if let measuredAt = metric.latestValueAt {
                Label {
                    Text(measuredAt, style: .relative)
                } icon: {
                    if isOld { Image(systemName: "wifi.slash") }
                }
                .font(.caption2)
                .foregroundStyle(.secondary)
            }
        }
        .frame(maxWidth: .infinity, alignment: .leading)
        .accessibilityElement(children: .combine)
    }
}

private struct MetricGlance: View {
    let metric: Metric

    var body: some View {
        VStack {
            Text(metric.text).font(.headline).minimumScaleFactor(0.4).widgetAccentable()
            Text(metric.label).font(.caption2).lineLimit(1)
        }
        .accessibilityElement(children: .combine)
    }
}

private struct MetricWords: View {
    let label: String
    let words: LocalizedStringKey

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(label).font(.caption).foregroundStyle(.secondary)
            Text(words).font(.footnote)
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }
}
