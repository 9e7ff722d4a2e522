import SmithKit
import UserNotifications

/// iOS wakes this for each notification with an alert, for about 30 seconds, before it is shown.
final class NotificationService: UNNotificationServiceExtension {
    private var delivery: Delivery?
    private var decorating: Task<Void, Never>?

    override func didReceive(
        _ request: UNNotificationRequest, withContentHandler contentHandler: @escaping (UNNotificationContent) -> Void
    ) {
        let delivery = Delivery(request.content, handler: contentHandler)
        self.delivery = delivery
        let push = PushPayload(userInfo: request.content.userInfo)
        Reception.note()
        decorating = Task {
            await Decoration(push: push, delivery: delivery).run()
            delivery.finish()
        }
    }

    override func serviceExtensionTimeWillExpire() {
        delivery?.finish()
        decorating?.cancel()
    }
}
