import ActivityKit
import SwiftUI

public enum ActivityPreviewViewKind: Sendable {
    public enum DynamicIslandPreviewViewState: Sendable { case compact, expanded, minimal }
    case content
    case dynamicIsland(DynamicIslandPreviewViewState)
}

@resultBuilder
public struct PreviewActivityBuilder<A: ActivityAttributes> {
    public static func buildExpression(_ contentState: A.ContentState) -> [A.ContentState] { [contentState] }
    public static func buildPartialBlock(first: [A.ContentState]) -> [A.ContentState] { first }
    public static func buildPartialBlock(accumulated: [A.ContentState], next: [A.ContentState]) -> [A.ContentState] { next }
    public static func buildArray(_ components: [[A.ContentState]]) -> [A.ContentState] { [] }
}

@resultBuilder
public struct PreviewTimelineBuilder {
    public static func buildExpression(_ entry: some TimelineEntry) -> [any TimelineEntry] { [entry] }
    public static func buildPartialBlock(first: [any TimelineEntry]) -> [any TimelineEntry] { first }
    public static func buildPartialBlock(
        accumulated: [any TimelineEntry], next: [any TimelineEntry]
    ) -> [any TimelineEntry] { next }
    public static func buildArray(_ components: [[any TimelineEntry]]) -> [any TimelineEntry] { [] }
}

@freestanding(declaration)
public macro Preview<PreviewedWidget: Widget, Attributes: ActivityAttributes>(
    _ name: String? = nil, as viewKind: ActivityPreviewViewKind, using attributes: Attributes,
    widget: @escaping () -> PreviewedWidget,
    @PreviewActivityBuilder<Attributes> contentStates: @escaping @MainActor () async -> [Attributes.ContentState]
) = #externalMacro(module: "StubMacros", type: "PreviewMacro")

@freestanding(declaration)
public macro Preview<PreviewedWidget: Widget>(
    _ name: String? = nil, as family: WidgetFamily, widget: @escaping () -> PreviewedWidget,
    @PreviewTimelineBuilder timeline: @escaping @MainActor () async -> [any TimelineEntry]
) = #externalMacro(module: "StubMacros", type: "PreviewMacro")
