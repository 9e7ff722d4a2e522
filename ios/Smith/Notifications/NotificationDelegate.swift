import SmithKit
import UserNotifications

/// What happens when a notification comes while the app is open, and when one or its button is tapped.
///
/// iOS does not say on which thread it calls, and wants its answer on the main one. So each method takes what may travel from
/// what it is given, and goes on there.
@MainActor
final class NotificationDelegate: NSObject, UNUserNotificationCenterDelegate {
    private let phone: Phone

    init(phone: Phone) {
        self.phone = phone
    }

    nonisolated func userNotificationCenter(
        _ center: UNUserNotificationCenter, willPresent notification: UNNotification,
        withCompletionHandler completionHandler: @escaping (UNNotificationPresentationOptions) -> Void
    ) {
        // Shown as when the app is closed: a person must not miss it because another tab is open.
        completionHandler([.banner, .list, .sound, .badge])
        Task { await phone.notificationArrived() }
    }

    nonisolated func userNotificationCenter(
        _ center: UNUserNotificationCenter, didReceive response: UNNotificationResponse,
        withCompletionHandler completionHandler: @escaping () -> Void
    ) {
        let push = PushPayload(userInfo: response.notification.request.content.userInfo)
        let outcome = TapOutcome(actionIdentifier: response.actionIdentifier, content: push.content)
        let completion = Completion(handler: completionHandler)
        Task { @MainActor in
            await act(on: outcome)
            // Last: iOS lets the app run until then.
            completion.handler()
        }
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

/// Unchecked, because it is called once, on the main actor: what iOS expects of it.
private struct Completion: @unchecked Sendable {
    let handler: () -> Void
}
