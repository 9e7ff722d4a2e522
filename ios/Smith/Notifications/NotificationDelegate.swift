import SmithKit
import UIKit
import UserNotifications

/// What happens when a notification comes while the app is open, and when one or its button is tapped.
@MainActor
final class NotificationDelegate: NSObject, UNUserNotificationCenterDelegate {
    private let phone: Phone

    init(phone: Phone) {
        self.phone = phone
    }

    nonisolated func userNotificationCenter(
        _ center: UNUserNotificationCenter, willPresent notification: UNNotification
    ) async -> UNNotificationPresentationOptions {
        await phone.notificationArrived()
        // Shown as when the app is closed: a person must not miss it because another tab is open.
        return [.banner, .list, .sound, .badge]
    }

    nonisolated func userNotificationCenter(
        _ center: UNUserNotificationCenter, didReceive response: UNNotificationResponse
    ) async {
        let push = PushPayload(userInfo: response.notification.request.content.userInfo)
        await act(on: TapOutcome(actionIdentifier: response.actionIdentifier, content: push.content))
    }

    private func act(on outcome: TapOutcome) async {
        switch outcome {
        case .open(let url): phone.follow(url)
        case .run(let actionID, let title): await BackgroundAction.run(actionID: actionID, title: title)
        case .show(let notificationID): phone.show(notificationID: notificationID)
        case .nothing: break
        }
    }
}
