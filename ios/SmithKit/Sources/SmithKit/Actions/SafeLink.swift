import Foundation

/// Which links of a sender the phone opens.
public enum SafeLink {
    /// What may be opened from where. The server holds senders to the same rules.
    public enum Rule: Sendable {
        /// From a notification: a web page, a shortcut or another app's own link.
        case anyApp
        /// From a Live Activity: a web page or a shortcut.
        case webOrShortcut
    }

    /// Schemes that run a program, read what is on the phone, or are this app's own.
    static let forbidden: Set<String> = [
        "javascript", "vbscript", "data", "file", "blob", "filesystem", "about", "view-source", "activitysmith",
    ]
    static let webOrShortcut: Set<String> = ["https", "http", "shortcuts", "x-safari-https", "x-safari-http"]
    static let longest = 2048

    /// The link, if the phone may open it.
    public static func url(_ text: String, opens rule: Rule) -> URL? {
        guard text.unicodeScalars.count <= longest, let url = URL(escaping: text),
            let scheme = url.scheme?.lowercased(), !forbidden.contains(scheme), hasTarget(url, scheme)
        else { return nil }
        return rule == .anyApp || webOrShortcut.contains(scheme) ? url : nil
    }

    private static func hasTarget(_ url: URL, _ scheme: String) -> Bool {
        guard scheme == "https" || scheme == "http" else { return url.absoluteString.count > scheme.count + 1 }
        return url.host().map { !$0.isEmpty } ?? false
    }
}
