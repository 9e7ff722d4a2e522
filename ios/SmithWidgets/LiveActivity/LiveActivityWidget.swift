import ActivityKit
import SmithKit
import SwiftUI
import WidgetKit

/// The Live Activity of every type. What it shows is `CardLayout`'s; this only says where.
struct LiveActivityWidget: Widget {
    var body: some WidgetConfiguration {
        ActivityConfiguration(for: ActivitySmithAttributes.self) { context in
            CardView(layout: CardLayout(context))
                .padding()
                .widgetURL(AppLink.live)
        } dynamicIsland: { context in
            Self.island(CardLayout(context))
        }
    }

    private static func island(_ layout: CardLayout) -> DynamicIsland {
        DynamicIsland {
            DynamicIslandExpandedRegion(.leading) { GlyphView(glyph: layout.island.expanded.leading).font(.title2) }
            DynamicIslandExpandedRegion(.trailing) { GlyphView(glyph: layout.island.expanded.trailing).font(.title2) }
            DynamicIslandExpandedRegion(.bottom) { ExpandedCard(layout: layout) }
        } compactLeading: {
            GlyphView(glyph: layout.island.compactLeading)
        } compactTrailing: {
            GlyphView(glyph: layout.island.compactTrailing)
        } minimal: {
            GlyphView(glyph: layout.island.minimal)
        }
        .keylineTint(Color(card: layout.tint))
        .widgetURL(AppLink.live)
    }
}

extension CardLayout {
    /// What iOS has to show now.
    init(_ context: ActivityViewContext<ActivitySmithAttributes>) {
        self.init(state: context.state, isStale: context.isStale, at: .now)
    }
}

#Preview("Lock Screen", as: .content, using: ActivitySmithAttributes(activityID: "preview")) {
    LiveActivityWidget()
} contentStates: {
    for state in SampleCards.all { state }
}

#Preview("Island, compact", as: .dynamicIsland(.compact), using: ActivitySmithAttributes(activityID: "preview")) {
    LiveActivityWidget()
} contentStates: {
    for state in SampleCards.all { state }
}

#Preview("Island, minimal", as: .dynamicIsland(.minimal), using: ActivitySmithAttributes(activityID: "preview")) {
    LiveActivityWidget()
} contentStates: {
    for state in SampleCards.all { state }
}

#Preview("Island, expanded", as: .dynamicIsland(.expanded), using: ActivitySmithAttributes(activityID: "preview")) {
    LiveActivityWidget()
} contentStates: {
    for state in SampleCards.all { state }
}
