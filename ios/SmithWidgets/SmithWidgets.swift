import SwiftUI
import WidgetKit

@main
struct SmithWidgets: WidgetBundle {
    var body: some Widget {
        LiveActivityWidget()
        MetricWidget()
    }
}
