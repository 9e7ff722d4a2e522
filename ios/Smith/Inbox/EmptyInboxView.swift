import SwiftUI

struct EmptyInboxView: View {
    @Environment(Phone.self) private var phone

    var body: some View {
        ContentUnavailableView {
            Label("Nothing here yet", systemImage: "tray")
        } description: {
            Text("What your workspace sends shows up here.")
        } actions: {
            if let session = phone.session { TestButton(test: session.test) }
        }
    }
}

#Preview {
    PairedPhone { _ in EmptyInboxView() }
}
