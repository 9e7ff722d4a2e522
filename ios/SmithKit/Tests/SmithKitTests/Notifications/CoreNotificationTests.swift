import Foundation
import Testing

@testable import SmithKit

/// `Fixtures/notification_pushes.json` and `inbox.json` are what the server can send, written by the server's own code.
@Suite struct CoreNotificationTests {
    @Test func everyPushIsReadAsItWasSent() throws {
        let pushes = try #require(try fixture("notification_pushes").object)
        #expect(pushes.count > 50)
        for (name, json) in pushes {
            let sent = try #require(json.object)
            let (aps, smith) = (sent["aps"]?.object ?? [:], sent["smith"]?.object ?? [:])
            let push = PushPayload(fields: sent)
            let alert = aps["alert"]?.object
            #expect(push.hasAlert == (alert != nil), "\(name)")
            #expect(push.content.title == alert?["title"]?.text ?? "", "\(name)")
            #expect(push.content.subtitle == alert?["subtitle"]?.text, "\(name)")
            #expect(push.content.message == alert?["body"]?.text, "\(name)")
            #expect(push.badge.map(Double.init) == aps["badge"]?.number, "\(name)")
            #expect(push.sound == aps["sound"]?.text, "\(name)")
            #expect(push.interruptionLevel.rawValue == aps["interruption-level"]?.text ?? "active", "\(name)")
            #expect(push.isMutable == push.hasAlert, "\(name)")
            #expect(push.isSilent == (aps["interruption-level"] == "passive"), "\(name)")
            expectSame(push.content, smith, name)
            #expect(push.content.id == smith["notification_id"]?.text, "\(name)")
        }
    }

    @Test func everyItemOfTheInboxIsReadAsItWasSent() throws {
        let sent = try #require(try fixture("inbox").object)
        let items = try JSONDecoder().decode([String: InboxNotification].self, from: fixtureData("inbox"))
        let moment = Date(timeIntervalSince1970: 1_800_000_000.25)
        #expect(items.count == sent.count && items.count > 20)
        #expect(Set(items.values.map(\.version)) == [1, 3])
        for (name, item) in items {
            let fields = try #require(sent[name]?.object)
            #expect(item.id == fields["id"]?.text && item.content.id == item.id)
            #expect(item.content.title == fields["title"]?.text)
            #expect(item.content.subtitle ?? "" == fields["subtitle"]?.text ?? "", "\(name)")
            #expect(item.content.message ?? "" == fields["message"]?.text ?? "", "\(name)")
            #expect(item.createdAt == moment, "\(name)")
            #expect(item.replacedAt == (item.version > 1 ? moment : nil), "\(name)")
            #expect(Double(item.version) == fields["version"]?.number, "\(name)")
            expectSame(item.content, fields, name)
        }
    }

    private func expectSame(_ content: NotificationContent, _ fields: [String: JSONValue], _ name: String) {
        #expect(isSame(content.redirection, fields["redirection"]?.text), "\(name)")
        #expect(isSame(content.media, fields["media"]?.text), "\(name)")
        #expect(isSame(content.icon, fields["icon"]?.text), "\(name)")
        #expect(content.payload == fields["payload"]?.object, "\(name)")
        let actions = (fields["actions"]?.array ?? []).compactMap(Action.init)
        #expect(content.buttons.map(\.id) == actions.map(\.id), "\(name)")
        #expect(content.buttons.map(\.title) == actions.map(\.title), "\(name)")
        for (button, action) in zip(content.buttons, actions) {
            switch button.effect {
            case .run: #expect(action.type == "webhook", "\(name)")
            case .open(let url): #expect(action.type == "open_url" && isSame(url, action.url), "\(name)")
            }
        }
    }

    /// Foundation escapes what a URL may not have.
    private func isSame(_ url: URL?, _ text: String?) -> Bool {
        url?.absoluteString.removingPercentEncoding == text?.removingPercentEncoding
    }
}
