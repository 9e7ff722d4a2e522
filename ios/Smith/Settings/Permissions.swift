import ActivityKit
import Observation
import UserNotifications

/// What the person has allowed, as iOS says it now.
@MainActor @Observable
final class Permissions {
    enum Answer: String, Sendable {
        case notAsked = "not asked"
        case allowed, denied
    }

    private(set) var notifications = Answer.notAsked
    private(set) var timeSensitive = Answer.notAsked
    private(set) var liveActivities = Answer.notAsked
    private(set) var frequentUpdates = Answer.notAsked

    /// All of them, for diagnostics.
    var listed: [(name: String, state: String)] {
        [
            ("Notifications", notifications.rawValue), ("Time-sensitive notifications", timeSensitive.rawValue),
            ("Live Activities", liveActivities.rawValue), ("Frequent updates", frequentUpdates.rawValue),
        ]
    }

    /// Asks iOS again. Cheap: nothing is shown.
    func refresh() async {
        (notifications, timeSensitive) = await Self.readNotifications()
        let activities = ActivityAuthorizationInfo()
        liveActivities = activities.areActivitiesEnabled ? .allowed : .denied
        frequentUpdates = activities.frequentPushesEnabled ? .allowed : .denied
    }

    /// Apple's settings are not made for the main actor, so they are read elsewhere.
    private nonisolated static func readNotifications() async -> (all: Answer, timeSensitive: Answer) {
        let settings = await UNUserNotificationCenter.current().notificationSettings()
        let all: Answer =
            switch settings.authorizationStatus {
            case .notDetermined: .notAsked
            case .denied: .denied
            default: .allowed
            }
        return (all, settings.timeSensitiveSetting == .enabled ? .allowed : .denied)
    }

    /// Shows iOS's question, which it asks once only. Later the way leads through Settings.
    func ask(_ phone: Phone) {
        Task {
            do {
                // Badge, too: without it the server's number does not reach the icon.
                _ = try await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound, .badge])
            } catch {
                phone.notice = error.localizedDescription
            }
            await refresh()
        }
    }
}
