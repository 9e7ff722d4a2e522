import SwiftUI

/// Asks for the one thing without which nothing rings, until the person has answered.
struct PermissionBanner: View {
    @Environment(Permissions.self) private var permissions
    @Environment(Phone.self) private var phone

    var body: some View {
        if permissions.notifications == .notAsked {
            VStack(alignment: .leading, spacing: 8) {
                Label("Without your permission nothing rings on this phone.", systemImage: "bell.badge")
                Button("Allow notifications") { permissions.ask(phone) }
                    .buttonStyle(.borderedProminent)
            }
            .frame(maxWidth: .infinity, alignment: .leading)
            .padding()
            .background(.bar)
        }
    }
}
