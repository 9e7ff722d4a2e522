import SmithKit
import UserNotifications

/// iOS draws the buttons of a registered category only, so each set of buttons is registered before its notification is shown.
enum CategoryRegistry {
    static func register(_ plan: NotificationCategoryPlan) async {
        let buttons = plan.buttons.map { button in
            // A button that opens a link brings the app to the front; one that calls a webhook does not, but asks to unlock,
            // as the buttons of cards do.
            UNNotificationAction(
                identifier: button.identifier, title: button.title,
                options: button.opensApp ? [.foreground] : [.authenticationRequired],
                icon: UNNotificationActionIcon(systemImageName: button.symbol)
            )
        }
        let category = UNNotificationCategory(identifier: plan.identifier, actions: buttons, intentIdentifiers: [])
        let center = UNUserNotificationCenter.current()
        // Setting replaces all: those of notifications that are still on the screen must stay.
        let known = await center.notificationCategories()
        let kept = plan.kept(of: known.map(\.identifier))
        center.setNotificationCategories(known.filter { kept.contains($0.identifier) }.union([category]))
        // Read back, which waits until iOS has taken them.
        _ = await center.notificationCategories()
    }
}
