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
            case .accessoryInline: Text(verbatim: "\(metric.label) \(metric.words())")
            case .accessoryCircular: MetricGlance(metric: metric)
            default: MetricCard(metric: metric, isOld: entry.isOld)
            }
        case .placeholder:
            MetricWords(label: String(localized: "Metric"), words: "–").redacted(reason: .placeholder)
        case .noValue(let label, let why):
            MetricWords(label: label ?? String(localized: "Metric"), words: why ?? String(localized: "No value yet"))
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
            Text(metric.words())
                .font(.title.bold())
                .minimumScaleFactor(0.5)
                .widgetAccentable()
            Spacer(minLength: 0)
            if let measuredAt = metric.measuredAt {
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
            Text(metric.words()).font(.headline).minimumScaleFactor(0.4).widgetAccentable()
            Text(metric.label).font(.caption2).lineLimit(1)
        }
        .accessibilityElement(children: .combine)
    }
}

private struct MetricWords: View {
    let label: String
    let words: String

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Text(label).font(.caption).foregroundStyle(.secondary)
            Text(words).font(.footnote)
        }
        .frame(maxWidth: .infinity, alignment: .leading)
    }
}
