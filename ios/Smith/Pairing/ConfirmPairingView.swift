import SmithKit
import SwiftUI

/// Asks before pairing: who makes a QR code chooses the server, so the person sees which one it is.
struct ConfirmPairingView: View {
    @Environment(Phone.self) private var phone
    @Environment(\.dismiss) private var dismiss
    let proposal: PairingProposal
    @State private var name = DeviceName.suggested
    @State private var attempt = Attempt.idle

    var body: some View {
        NavigationStack {
            Form {
                ProposalSections(proposal: proposal)
                Section {
                    TextField("Name of this phone", text: $name)
                } footer: {
                    Text("So that your workspace knows it: for example “Ada’s iPhone”.")
                }
                AttemptSection(title: "Pair this phone", attempt: attempt, isDisabled: trimmedName.isEmpty, action: pair)
            }
            .navigationTitle("Pair this phone?")
            .toolbar {
                ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() } }
            }
        }
    }

    private var trimmedName: String { name.trimmingCharacters(in: .whitespacesAndNewlines) }

    private func pair() {
        attempt = .running
        Task {
            do {
                try await phone.pair(proposal, name: trimmedName)
                dismiss()
            } catch {
                attempt = .failed((error as? DeviceAPIError)?.wordsOfPairing ?? error.localizedDescription)
            }
        }
    }
}

/// Where the phone would be paired.
private struct ProposalSections: View {
    @Environment(Phone.self) private var phone
    let proposal: PairingProposal

    var body: some View {
        Section("Server") {
            Text(proposal.server.description).textSelection(.enabled)
            if !proposal.server.isEncrypted {
                Label(
                    "This connection is not encrypted. Use it only in a network that you trust.", systemImage: "lock.open"
                )
                .foregroundStyle(.orange)
            }
            if let session = phone.session {
                Label("The pairing with \(session.pairing.server.description) ends.", systemImage: "link.badge.plus")
            }
        }
        Section("Pairing code") {
            Text(proposal.code.text).font(.body.monospaced())
        }
    }
}

#Preview("Encrypted") {
    if let proposal = try? PairingProposal(server: "push.example.com", code: "K7QF-2M9X") {
        ConfirmPairingView(proposal: proposal).environment(Phone.unpaired)
    }
}

#Preview("Not encrypted") {
    if let proposal = try? PairingProposal(server: "http://192.168.1.5:8000", code: "K7QF-2M9X") {
        ConfirmPairingView(proposal: proposal).environment(Phone.unpaired)
    }
}
