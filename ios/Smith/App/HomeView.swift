import SwiftUI

enum HomeTab: Hashable {
    case inbox, live, settings
}

/// The app of a paired phone.
struct HomeView: View {
    @Environment(Phone.self) private var phone
    let session: Session

    var body: some View {
        @Bindable var phone = phone
        TabView(selection: $phone.tab) {
            InboxView(inbox: session.inbox)
                .tabItem { Label("Inbox", systemImage: "tray") }
                .tag(HomeTab.inbox)
            LiveView(live: session.live)
                .tabItem { Label("Live", systemImage: "bolt.horizontal") }
                .tag(HomeTab.live)
            SettingsView(session: session)
                .tabItem { Label("Settings", systemImage: "gear") }
                .tag(HomeTab.settings)
        }
    }
}

#Preview {
    PairedPhone { HomeView(session: $0) }
}
