import SwiftUI

/// What to allow and why, each with its state.
struct PermissionsSection: View {
    @Environment(Permissions.self) private var permissions
    @Environment(Phone.self) private var phone

    var body: some View {
        Section {
            PermissionRow(title: "Notifications", reason: "Without them nothing rings on this phone.",
                          answer: permissions.notifications)
            PermissionRow(title: "Time-sensitive notifications", reason: "What cannot wait gets through a Focus.",
                          answer: permissions.timeSensitive)
            PermissionRow(title: "Live Activities", reason: "Cards on the Lock Screen and in the Dynamic Island.",
                          answer: permissions.liveActivities)
            PermissionRow(title: "Frequent updates", reason: "Cards that change every few seconds stay up to date.",
                          answer: permissions.frequentUpdates)
            if permissions.notifications == .notAsked {
                Button("Allow notifications", systemImage: "bell.badge") { permissions.ask(phone) }
            } else {
                SettingsButton()
            }
        } header: {
            Text("What to allow")
        }
    }
}

private struct PermissionRow: View {
    let title: LocalizedStringKey
    let reason: LocalizedStringKey
    let answer: Permissions.Answer

    var body: some View {
        LabeledContent {
            Image(systemName: answer == .allowed ? "checkmark.circle.fill" : "exclamationmark.circle")
                .foregroundStyle(answer == .allowed ? .green : .orange)
        } label: {
            Text(title)
            Text(reason)
        }
        .accessibilityElement(children: .combine)
        .accessibilityValue(answer == .allowed ? Text("Allowed") : Text("Not allowed"))
    }
}
