import AppIntents
import SmithKit

/// In Shortcuts, and for Siri: has the server send a notification to this phone.
struct SendTestNotification: AppIntent {
    static let title: LocalizedStringResource = "Send a test notification"
    static var description: IntentDescription {
        IntentDescription("Has your server send a notification to this phone, by way of Apple.")
    }

    func perform() async throws -> some IntentResult & ProvidesDialog {
        guard let pairing = try KeychainPairingStore().load() else { throw DeviceAPIError.unpaired }
        let sent = try await DeviceAPI(pairing).sendTestNotification()
        return .result(dialog: "\(sent.words)")
    }
}

/// What Shortcuts and Siri say if it does not work. They have words of their own for errors that bring none.
extension DeviceAPIError: @retroactive CustomLocalizedStringResourceConvertible {
    public var localizedStringResource: LocalizedStringResource { "\(localizedDescription)" }
}

/// What Shortcuts shows of the app without any setting up.
struct SmithShortcuts: AppShortcutsProvider {
    static var appShortcuts: [AppShortcut] {
        AppShortcut(
            intent: SendTestNotification(), phrases: ["Send a test notification with \(.applicationName)"],
            shortTitle: "Send a test", systemImageName: "bell.badge"
        )
    }
}
