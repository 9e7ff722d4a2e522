import Foundation

/// Links that bring the app to a place of its own.
enum AppLink {
    /// The tab with the Live Activities: what a tap on a card opens.
    static let live = URL(string: "activitysmith://live")
}
