import SwiftUI

/// The way out: asks first, tells the server, then forgets everything here.
struct UnpairSection: View {
    @Environment(Phone.self) private var phone
    @State private var isAsking = false
    @State private var attempt = Attempt.idle

    var body: some View {
        AttemptSection(title: "Unpair this phone", attempt: attempt) { isAsking = true }
            .foregroundStyle(.red)
            .confirmationDialog("Unpair this phone?", isPresented: $isAsking, titleVisibility: .visible) {
                Button("Unpair", role: .destructive, action: unpair)
                Button("Cancel", role: .cancel) {}
            } message: {
                Text("It gets nothing any more, and forgets what came in. To pair it again you need a new code.")
            }
    }

    private func unpair() {
        attempt = .running
        Task {
            do {
                try await phone.unpair()
            } catch {
                attempt = .failed(error.localizedDescription)
            }
        }
    }
}
