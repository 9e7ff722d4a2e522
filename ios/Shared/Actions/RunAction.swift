import AppIntents
import SmithKit

/// What a card's webhook button does. It runs in the app's process, which iOS launches in the background; on a locked phone
/// iOS asks to unlock first.
struct RunAction: LiveActivityIntent {
    static let title: LocalizedStringResource = "Run an action"
    /// Not in Shortcuts: an action is known by an identifier that belongs to one card.
    static let isDiscoverable = false

    @Parameter(title: "Action")
    var actionID: String

    @Parameter(title: "Title")
    var actionTitle: String

    init() {}

    init(_ button: ActionButton) {
        actionID = button.id
        actionTitle = button.title
    }

    func perform() async throws -> some IntentResult {
        await BackgroundAction.run(actionID: actionID, title: actionTitle)
        return .result()
    }
}
