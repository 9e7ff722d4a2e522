import SmithKit
import SwiftUI

struct SettingsView: View {
    let session: Session

    var body: some View {
        NavigationStack {
            Form {
                PermissionsSection()
                HealthSection(health: session.health)
                TestSection(test: session.test)
                ServerSection(session: session)
                DiagnosticsSection(session: session)
                UnpairSection()
            }
            .navigationTitle("Settings")
        }
        .task { await session.health.refresh() }
    }
}

private struct ServerSection: View {
    let session: Session

    var body: some View {
        Section("Server") {
            LabeledContent("Address", value: session.pairing.server.description)
            LabeledContent("Name of this phone", value: session.health.device?.name ?? "–")
        }
    }
}

private struct DiagnosticsSection: View {
    @Environment(Permissions.self) private var permissions
    let session: Session

    var body: some View {
        Section {
            ShareLink("Share diagnostics", item: session.health.diagnostics(permissions))
        } footer: {
            Text("Versions, states and the last errors. Neither the secret of this phone nor a token is among them.")
        }
    }
}

#Preview {
    PairedPhone { SettingsView(session: $0) }
}
