import UIKit

/// Time to finish what was begun. iOS wakes the app for a moment when a push has started a card: the card's token has to reach
/// the server before the app is suspended, or nothing can be sent to that card.
@MainActor
final class BackgroundTime {
    private var identifier = UIBackgroundTaskIdentifier.invalid

    private init() {}

    /// Asks iOS to let the app run until `work` is done. It grants about 30 seconds; what is cut off goes on with the next wake.
    static func whileDoing(_ name: String, _ work: @MainActor () async -> Void) async {
        let time = BackgroundTime()
        time.identifier = UIApplication.shared.beginBackgroundTask(withName: name) { time.end() }
        await work()
        time.end()
    }

    private func end() {
        guard identifier != .invalid else { return }
        UIApplication.shared.endBackgroundTask(identifier)
        identifier = .invalid
    }
}
