import ActivityKit
import Observation
import UserNotifications

/// What the person has allowed, as iOS says it now.
@MainActor @Observable
final class Permissions {
    enum Answer: Sendable {
        case notAsked, allowed, denied
    }

    private(set) var notifications = Answer.notAsked
    private(set) var timeSensitive = Answer.notAsked
    private(set) var liveActivities = Answer.notAsked
    private(set) var frequentUpdates = Answer.notAsked

    /// Asks iOS again. Cheap: nothing is shown.
    func refresh() async {
        let settings = await UNUserNotificationCenter.current().notificationSettings()
        notifications = switch settings.authorizationStatus {
        case .notDetermined: .notAsked
        case .denied: .denied
        default: .allowed
        }
        timeSensitive = settings.timeSensitiveSetting == .enabled ? .allowed : .denied
        let activities = ActivityAuthorizationInfo()
        liveActivities = activities.areActivitiesEnabled ? .allowed : .denied
        frequentUpdates = activities.frequentPushesEnabled ? .allowed : .denied
    }

    /// Shows iOS's question, which it asks once only. Later the way leads through Settings.
    func askForNotifications() async throws {
        // Badge, too: without it the server's number does not reach the icon.
        _ = try await UNUserNotificationCenter.current().requestAuthorization(options: [.alert, .sound, .badge])
        await refresh()
    }
}
