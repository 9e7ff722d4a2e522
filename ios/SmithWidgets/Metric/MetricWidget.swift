import SmithKit
import SwiftUI
import WidgetKit

/// One of the workspace's metrics on the Home Screen or the Lock Screen.
struct MetricWidget: Widget {
    var body: some WidgetConfiguration {
        AppIntentConfiguration(kind: "metric", intent: ChooseMetric.self, provider: MetricProvider()) { entry in
            MetricWidgetView(entry: entry)
                .containerBackground(.background, for: .widget)
        }
        .configurationDisplayName("Metric")
        .description("A value that your workspace keeps up to date.")
        .supportedFamilies([.systemSmall, .systemMedium, .accessoryCircular, .accessoryRectangular, .accessoryInline])
    }
}

#Preview("Home Screen", as: .systemSmall) {
    MetricWidget()
} timeline: {
    for metric in SampleServer.metrics { MetricEntry(date: .now, content: .metric(metric), isOld: false) }
    MetricEntry(date: .now, content: .placeholder, isOld: false)
    MetricEntry(date: .now, content: .noValue(label: nil, why: nil), isOld: true)
}

#Preview("Lock Screen", as: .accessoryRectangular) {
    MetricWidget()
} timeline: {
    for metric in SampleServer.metrics { MetricEntry(date: .now, content: .metric(metric), isOld: true) }
}
