import Foundation

/// A button that a person can press, and what pressing it does.
public struct ActionButton: Hashable, Sendable, Identifiable {
    public enum Effect: Hashable, Sendable {
        /// The server calls a webhook. The app asks it to, with the button's `id`.
        case run
        /// The phone opens a link.
        case open(URL)
    }

    /// The action's identifier on the server.
    public let id: String
    public let title: String
    public let effect: Effect

    /// Nil for a kind of button that this version does not know, and for a link that it does not open.
    public init?(_ action: Action, opens: SafeLink.Rule) {
        switch action.type {
        case "webhook":
            effect = .run
        case "open_url":
            guard let url = action.url.flatMap({ SafeLink.url($0, opens: opens) }) else { return nil }
            effect = .open(url)
        default:
            return nil
        }
        id = action.id
        title = action.title
    }

    /// What happens after a tap, for VoiceOver.
    public var accessibilityHint: String {
        switch effect {
        case .run: String(localized: "Calls a webhook.")
        case .open: String(localized: "Opens a link.")
        }
    }
}
