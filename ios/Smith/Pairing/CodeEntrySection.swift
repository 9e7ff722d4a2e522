import SmithKit
import SwiftUI

/// Server and code, typed. What is wrong with either is said beside it.
struct CodeEntrySection: View {
    @Environment(Phone.self) private var phone
    @State private var server = DefaultServer.text
    @State private var code = ""
    @State private var fault: String?

    var body: some View {
        Section {
            TextField("Server", text: $server, prompt: Text(verbatim: "https://push.example.com"))
                .keyboardType(.URL)
                .textContentType(.URL)
            TextField("Pairing code", text: $code, prompt: Text(verbatim: "K7QF-2M9X"))
                .font(.body.monospaced())
            Button("Continue", action: propose)
                .disabled(server.isEmpty || code.isEmpty)
        } header: {
            Text("Or type it")
        } footer: {
            if let fault {
                Text(fault).foregroundStyle(.red)
            } else {
                Text("A code works once, for 10 minutes.")
            }
        }
        .textInputAutocapitalization(.never)
        .autocorrectionDisabled()
    }

    private func propose() {
        do {
            phone.proposal = try PairingProposal(server: server, code: code)
            fault = nil
        } catch {
            fault = error.localizedDescription
        }
    }
}
