import SmithKit
import SwiftUI

/// What the app shows depends on one thing: whether this phone is paired.
struct RootView: View {
    @Environment(Phone.self) private var phone

    var body: some View {
        @Bindable var phone = phone
        content
            .onOpenURL { phone.open(link: $0) }
            .sheet(item: $phone.proposal) { ConfirmPairingView(proposal: $0) }
            .alert("Smith", isPresented: $phone.hasNotice, presenting: phone.notice) { _ in
                Button("OK") {}
            } message: { notice in
                Text(notice)
            }
    }

    @ViewBuilder private var content: some View {
        switch phone.status {
        case .locked:
            ContentUnavailableView(
                "Unlock this phone", systemImage: "lock", description: Text("The pairing can be read once it was unlocked.")
            )
        case .unpaired:
            PairingView()
        case .paired(let session):
            HomeView(session: session)
                // Another pairing begins with screens of its own.
                .id(session.pairing)
        }
    }
}
