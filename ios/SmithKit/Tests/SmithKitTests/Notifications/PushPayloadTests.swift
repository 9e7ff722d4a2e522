import Foundation
import Testing

@testable import SmithKit

@Suite struct PushPayloadTests {
    /// As iOS hands it over: Foundation's own objects.
    private static func userInfo(_ text: String) throws -> [AnyHashable: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(object as? [String: Any])
    }

    @Test func whatIOSHandsOverIsReadAsTheJSONThatWasSent() throws {
        let text = #"""
            {"aps": {"alert": {"title": "Build", "body": "failed"}, "badge": 1, "mutable-content": 1, "sound": "default"},
             "smith": {"notification_id": "01a2", "payload": {"flag": true, "one": 1, "zero": 0, "half": 0.5, "no": false,
                       "nothing": null, "list": [1, true, "a"]}}}
            """#
        let push = PushPayload(userInfo: try Self.userInfo(text))
        let sent = try JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
        #expect(push == PushPayload(fields: sent))
        #expect(
            push.content.payload == [
                "flag": true, "one": 1, "zero": 0, "half": 0.5, "no": false, "nothing": nil, "list": [1, true, "a"],
            ])
    }

    @Test func valuesOfSwiftAreReadToo() {
        let push = PushPayload(userInfo: ["aps": ["badge": 3, "alert": "Hello"] as [String: Any], 7: "not a name"])
        #expect(push.badge == 3)
        #expect(push.content.message == "Hello")
    }

    @Test(arguments: [
        #"{}"#, #"{"aps": 5, "smith": []}"#, #"{"aps": {"alert": [], "badge": "5", "sound": 7, "interruption-level": "loud"}}"#,
        #"{"smith": {"actions": [5, {"id": 7}], "media": 5, "icon": {}, "redirection": [], "payload": "x"}}"#,
    ])
    func whatIsWrongIsLeftOut(text: String) throws {
        let push = PushPayload(userInfo: try Self.userInfo(text))
        #expect(push.badge == nil && push.sound == nil && push.interruptionLevel == .active && !push.hasAlert)
        #expect(push.content.buttons.isEmpty && push.content.media == nil && push.content.payload == nil)
    }

    @Test(arguments: ["http://example.com/a.png", "file:///a.png", "data:image/png;base64,AAAA", "javascript:x", "a.png"])
    func mediaAndIconsAreLoadedByHTTPSOnly(url: String) {
        let push = PushPayload(fields: ["smith": ["media": .string(url), "icon": .string(url)]])
        #expect(push.content.media == nil && push.content.icon == nil)
        #expect(SenderIcon(push) == nil)
    }

    @Test func anIconMakesTheNotificationAMessageFromItsTitle() throws {
        let push = PushPayload(fields: [
            "aps": ["alert": ["title": "CI", "body": "Build failed"], "thread-id": "builds"],
            "smith": ["icon": "https://example.com/a.png"],
        ])
        let icon = try #require(SenderIcon(push))
        #expect(icon.senderName == "CI" && icon.message == "Build failed" && icon.conversationID == "builds")
    }

    @Test func aNumberOnTheIconAloneHasNothingToShow() {
        let push = PushPayload(fields: ["aps": ["badge": 0]])
        #expect(push.badge == 0 && !push.hasAlert)
    }
}
