import SmithKit
import UserNotifications

/// What iOS keeps of notifications: those on the screen, their buttons, and the number on the icon.
enum DeliveredNotifications {
    /// Removes the buttons of notifications that are not on the screen any more. iOS keeps them until it is told.
    static func tidyCategories() async {
        let center = UNUserNotificationCenter.current()
        let known = await center.notificationCategories()
        let delivered = await center.deliveredNotifications().map(\.request.content.categoryIdentifier)
        let removable = NotificationCategoryPlan.removable(of: known.map(\.identifier), delivered: delivered)
        guard !removable.isEmpty else { return }
        center.setNotificationCategories(known.filter { !removable.contains($0.identifier) })
    }

    /// The person has seen what came in. The server's next number sets it again.
    static func clearBadge() async {
        // Refused only while badges are not allowed, and then there is none.
        try? await UNUserNotificationCenter.current().setBadgeCount(0)
    }

    /// Takes everything off the screen: no server can do that from outside.
    static func removeAll() async {
        UNUserNotificationCenter.current().removeAllDeliveredNotifications()
        await clearBadge()
    }
}
