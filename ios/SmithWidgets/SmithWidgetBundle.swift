import SwiftUI
import WidgetKit

@main
struct SmithWidgetBundle: WidgetBundle {
    var body: some Widget {
        LiveActivityWidget()
        MetricWidget()
    }
}
