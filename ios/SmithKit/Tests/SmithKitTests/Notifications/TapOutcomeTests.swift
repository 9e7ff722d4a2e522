import Foundation
import Testing

@testable import SmithKit

@Suite struct TapOutcomeTests {
    private static let web = URL(string: "https://example.com")
    private static let media = URL(string: "https://example.com/a.png")

    private static func content(_ fields: [String: JSONValue]) -> NotificationContent {
        let id: [String: JSONValue] = ["notification_id": "n1"]
        return PushPayload(fields: ["smith": .object(fields.merging(id) { $1 })]).content
    }

    @Test func aTapOpensTheLinkOrElseTheMediaOrElseTheInbox() throws {
        let (web, media) = (try #require(Self.web), try #require(Self.media))
        func tapped(_ fields: [String: JSONValue]) -> TapOutcome {
            TapOutcome(actionIdentifier: TapOutcome.defaultAction, content: Self.content(fields))
        }
        let picture = JSONValue.string(media.absoluteString)
        #expect(tapped(["redirection": "https://example.com", "media": picture]) == .open(web))
        #expect(tapped(["media": picture]) == .open(media))
        #expect(tapped([:]) == .show(notificationID: "n1"))
        #expect(tapped(["redirection": "javascript:alert(1)"]) == .show(notificationID: "n1"))
        #expect(tapped(["redirection": "activitysmith://pair?server=x"]) == .show(notificationID: "n1"))
    }

    @Test func aButtonDoesWhatItSays() throws {
        let content = Self.content([
            "redirection": "https://other.example",
            "actions": [
                ["id": "a1", "title": "Retry", "type": "webhook"],
                ["id": "a2", "title": "Open", "type": "open_url", "url": "https://example.com"],
            ],
        ])
        #expect(TapOutcome(actionIdentifier: "a1", content: content) == .run(actionID: "a1", title: "Retry"))
        let web = try #require(Self.web)
        #expect(TapOutcome(actionIdentifier: "a2", content: content) == .open(web))
    }

    @Test func aButtonThatIsNotThereShowsTheNotification() {
        #expect(TapOutcome(actionIdentifier: "gone", content: Self.content([:])) == .show(notificationID: "n1"))
    }

    @Test func dismissingDoesNothing() {
        let content = Self.content(["redirection": "https://example.com"])
        #expect(TapOutcome(actionIdentifier: TapOutcome.dismissAction, content: content) == .nothing)
    }
}
