import Foundation
import SmithKit
import UserNotifications

/// Runs a webhook button away from the app's screens: on a card, or below a notification. There is no place there to say that
/// it failed, so a notification of this phone's own says it.
enum BackgroundAction {
    static func run(actionID: String, title: String) async {
        guard let failure = await failure(of: actionID) else { return }
        let content = UNMutableNotificationContent()
        content.title = title
        content.body = failure
        content.sound = .default
        // One for each action: a second failure takes the place of the first.
        let request = UNNotificationRequest(identifier: "action." + actionID, content: content, trigger: nil)
        // Without the permission there is no way to tell the person.
        try? await UNUserNotificationCenter.current().add(request)
    }

    /// What went wrong, in a sentence; nil if it worked, or goes on at the server.
    private static func failure(of actionID: String) async -> String? {
        do {
            guard let pairing = try KeychainPairingStore().load() else { return DeviceAPIError.unpaired.localizedDescription }
            let run = try await ActionRunner(DeviceAPI(pairing)).run(actionID: actionID)
            return run.state == .failed ? run.words : nil
        } catch {
            return error.localizedDescription
        }
    }
}
