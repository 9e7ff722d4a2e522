import SmithKit
import SwiftUI

@main
struct SmithApp: App {
    @UIApplicationDelegateAdaptor private var delegate: AppDelegate
    @Environment(\.scenePhase) private var scenePhase

    var body: some Scene {
        WindowGroup {
            RootView()
                .environment(delegate.phone)
                .environment(delegate.permissions)
        }
        .onChange(of: scenePhase, initial: true) { _, phase in
            delegate.sceneChanged(to: phase)
        }
        .backgroundTask(.appRefresh(BackgroundRefresh.identifier)) {
            await BackgroundRefresh.run()
        }
    }
}
