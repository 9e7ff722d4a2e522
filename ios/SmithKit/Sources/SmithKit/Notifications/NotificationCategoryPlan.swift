/// The buttons of one notification. iOS shows buttons by category, so a notification with buttons has one of its own.
public struct NotificationCategoryPlan: Hashable, Sendable {
    public struct Button: Hashable, Sendable {
        /// The action's identifier on the server: what a tap hands back.
        public let identifier: String
        public let title: String
        /// A link can only be opened by an app in front. A webhook is called in the background.
        public let opensApp: Bool
        /// The name of an SF Symbol.
        public let symbol: String
    }

    /// The category that the server gives every notification.
    public static let common = "activitysmith"
    static let prefix = common + "."

    public let identifier: String
    public let buttons: [Button]

    /// Nil for a notification without buttons, or without an identifier: it keeps the common category.
    public init?(_ content: NotificationContent) {
        guard let id = content.id, !content.buttons.isEmpty else { return nil }
        identifier = Self.prefix + id
        buttons = content.buttons.map { button in
            let opens = button.effect != .run
            return Button(
                identifier: button.id, title: button.title, opensApp: opens,
                symbol: opens ? "arrow.up.right" : "bolt.fill")
        }
    }

    /// Which of the known categories the new one is set together with: iOS replaces all of them at once.
    ///
    /// One of the same identifier is of the content that this one replaces.
    public func kept(of known: some Sequence<String>) -> Set<String> {
        Set(known).subtracting([identifier])
    }

    /// Which categories may be removed: those of notifications that are not on the screen any more.
    ///
    /// - Parameters:
    ///   - known: the identifiers of all categories.
    ///   - delivered: those of the notifications that are still there.
    public static func removable(of known: some Sequence<String>, delivered: some Sequence<String>) -> Set<String> {
        Set(known.filter { $0.hasPrefix(prefix) }).subtracting(delivered)
    }
}
