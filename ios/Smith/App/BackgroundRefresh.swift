import BackgroundTasks
import Foundation
import os

/// iOS wakes the closed app now and then: what the server has not heard is told again, and the cards are brought up to date.
enum BackgroundRefresh {
    /// Listed in `Info.plist` under `BGTaskSchedulerPermittedIdentifiers`.
    static let identifier = (Bundle.main.bundleIdentifier ?? "") + ".refresh"
    private static let interval: TimeInterval = 30 * 60

    /// Asks for the next time. iOS decides when; often it is hours later.
    static func schedule() {
        let request = BGAppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = Date(timeIntervalSinceNow: interval)
        do {
            try BGTaskScheduler.shared.submit(request)
        } catch {
            // The person may have switched it off, and the simulator has none of it. The next launch does the same work.
            Logger.smith.info("No background refresh: \(error.localizedDescription, privacy: .public)")
        }
    }

    static func run() async {
        schedule()
        await Phone.shared.catchUp()
    }
}
