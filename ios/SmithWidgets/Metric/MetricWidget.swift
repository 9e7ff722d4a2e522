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
