import Foundation

/// The group through which the app and its extensions share what they keep: its name is in `Config.xcconfig`.
enum AppGroup {
    static let identifier = Bundle.main.object(forInfoDictionaryKey: "SmithAppGroup") as? String ?? ""

    /// The group's folder. If the app was signed without the group, the app works with a folder of its own, and widgets and
    /// buttons of cards do not find the pairing.
    static var folder: URL {
        FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: identifier) ?? .applicationSupportDirectory
    }

    /// Small values of the whole group.
    static var defaults: UserDefaults {
        UserDefaults(suiteName: identifier) ?? .standard
    }
}
