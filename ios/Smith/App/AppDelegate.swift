import SmithKit
import SwiftUI
import UIKit
import UserNotifications

/// Launched by a person, or by iOS in the background when a push has started a card or a button was tapped. All of it begins
/// here, so that a launch in the background does the same.
@MainActor
final class AppDelegate: NSObject, UIApplicationDelegate {
    let phone = Phone.shared
    let permissions = Permissions()
    private lazy var notifications = NotificationDelegate(phone: phone)

    func application(
        _ application: UIApplication,
        didFinishLaunchingWithOptions launchOptions: [UIApplication.LaunchOptionsKey: Any]? = nil
    ) -> Bool {
        // Before this method returns: iOS hands over a tapped notification right after it.
        UNUserNotificationCenter.current().delegate = notifications
        phone.start()
        // At each launch: Apple may give out another token at any time, and says to keep none.
        application.registerForRemoteNotifications()
        return true
    }

    func application(_ application: UIApplication, didRegisterForRemoteNotificationsWithDeviceToken deviceToken: Data) {
        phone.report(TokenReport(pushToken: deviceToken.hexadecimal))
    }

    func application(_ application: UIApplication, didFailToRegisterForRemoteNotificationsWithError error: any Error) {
        phone.noteRegistrationFailure(error)
    }

    func sceneChanged(to phase: ScenePhase) {
        switch phase {
        case .active:
            phone.cameToFront()
            Task { await permissions.refresh() }
        case .background:
            phone.wentToBackground()
            BackgroundRefresh.schedule()
        default:
            break
        }
    }
}
