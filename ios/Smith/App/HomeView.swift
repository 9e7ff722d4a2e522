import SwiftUI

/// The app of a paired phone.
struct HomeView: View {
    let session: Session

    var body: some View {
        TabView {
            InboxView(inbox: session.inbox)
                .tabItem { Label("Inbox", systemImage: "tray") }
            LiveView(live: session.live)
                .tabItem { Label("Live", systemImage: "bolt.horizontal") }
            SettingsView(session: session)
                .tabItem { Label("Settings", systemImage: "gear") }
        }
    }
}
