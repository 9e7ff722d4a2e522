import Testing

@testable import SmithKit

@Suite struct NotificationCategoryPlanTests {
    private static func content(_ id: JSONValue, actions: JSONValue) -> NotificationContent {
        PushPayload(fields: ["smith": ["notification_id": id, "actions": actions]]).content
    }

    @Test func aNotificationWithButtonsHasACategoryOfItsOwn() throws {
        let plan = try #require(
            NotificationCategoryPlan(
                Self.content(
                    "n1",
                    actions: [
                        ["id": "a1", "title": "Retry", "type": "webhook"],
                        ["id": "a2", "title": "Open", "type": "open_url", "url": "https://example.com"],
                        ["id": "a3", "title": "Sign", "type": "of_a_later_server"],
                    ])))
        #expect(plan.identifier == "activitysmith.n1")
        #expect(plan.buttons.map(\.identifier) == ["a1", "a2"])
        #expect(plan.buttons.map(\.title) == ["Retry", "Open"])
        #expect(plan.buttons.map(\.opensApp) == [false, true])
    }

    @Test func oneWithoutButtonsKeepsTheCommonCategory() {
        #expect(NotificationCategoryPlan(Self.content("n1", actions: [])) == nil)
        #expect(NotificationCategoryPlan(Self.content("n1", actions: [["id": "a", "title": "b", "type": "c"]])) == nil)
        let button: JSONValue = ["id": "a1", "title": "Retry", "type": "webhook"]
        #expect(NotificationCategoryPlan(Self.content(nil, actions: [button])) == nil)
    }

    @Test func newButtonsTakeThePlaceOfThoseOfTheSameNotification() throws {
        let button: JSONValue = ["id": "a9", "title": "Retry", "type": "webhook"]
        let plan = try #require(NotificationCategoryPlan(Self.content("n1", actions: [button])))
        #expect(plan.kept(of: ["activitysmith", "activitysmith.n1", "activitysmith.n2"]) == ["activitysmith", "activitysmith.n2"])
    }

    @Test func onlyCategoriesOfNotificationsThatAreGoneMayGo() {
        let known = ["activitysmith", "activitysmith.n1", "activitysmith.n2", "another"]
        #expect(NotificationCategoryPlan.removable(of: known, delivered: ["activitysmith.n2"]) == ["activitysmith.n1"])
        #expect(NotificationCategoryPlan.removable(of: [String](), delivered: ["activitysmith.n2"]).isEmpty)
    }
}
