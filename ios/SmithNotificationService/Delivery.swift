import Foundation
import Intents
import UserNotifications

/// One notification on its way to the screen. It is handed over exactly once: when all decorations are there, or when iOS's
/// time is over, with those that are there by then. The text never waits for a decoration that fails.
///
/// Unchecked, because the lock guards everything that changes: iOS calls from its own queue when time is over.
final class Delivery: @unchecked Sendable {
    private let lock = NSLock()
    private var handler: ((UNNotificationContent) -> Void)?
    private var content: UNNotificationContent
    private var sender: INSendMessageIntent?

    init(_ content: UNNotificationContent, handler: @escaping (UNNotificationContent) -> Void) {
        self.content = content
        self.handler = handler
    }

    /// Adds to the notification, unless it was handed over already.
    func decorate(_ change: (UNMutableNotificationContent) -> Void) {
        lock.withLock {
            guard handler != nil, let copy = content.mutableCopy() as? UNMutableNotificationContent else { return }
            change(copy)
            content = copy
        }
    }

    /// Makes it a message of this sender, whose picture iOS shows beside the app's icon.
    func setSender(_ intent: INSendMessageIntent) {
        lock.withLock { sender = intent }
    }

    /// Hands it over. Every further call does nothing.
    func finish() {
        let (handler, content, sender) = lock.withLock {
            defer { self.handler = nil }
            return (self.handler, self.content, self.sender)
        }
        guard let handler else { return }
        guard let sender else { return handler(content) }
        do {
            // Last of all: what this returns cannot be changed any more.
            handler(try content.updating(from: sender))
        } catch {
            handler(content)
        }
    }
}
