import Foundation
import Testing

@testable import SmithKit

@Suite struct ContentStateTests {
    private static func decoded(_ text: String) throws -> ContentState {
        try JSONDecoder().decode(ContentState.self, from: Data(text.utf8))
    }

    @Test(arguments: [
        #"{}"#,
        #"{"title": 7, "type": null, "percentage": "42", "value": [], "metrics": {}, "timer": 5, "icon": "cloud"}"#,
        #"{"title": "a", "type": "x", "metrics": [1, null, {"label": 3}], "step_colors": [1, {}], "action": true}"#,
        #"{"title": "a", "type": "timer", "timer": {"starts_at": "soon", "counts_down": 1}}"#,
        #"{"title": "a", "type": "x", "number_of_steps": 1e300, "current_step": -1e300, "percentage": 1e308}"#,
        #"{"title": "a", "type": "x", "badge": {"title": ""}, "secondary_action": {"id": "", "title": "b", "type": "c"}}"#,
    ])
    func noFieldOfTheWrongKindLosesThePush(text: String) throws {
        let state = try Self.decoded(text)
        _ = CardLayout(state: state)
        let again = try JSONDecoder().decode(ContentState.self, from: JSONEncoder().encode(state))
        #expect(again == state)
    }

    @Test func aNumberThatNoDoubleHoldsLosesItsOwnFieldOnly() throws {
        let state = try Self.decoded(#"{"title": "Backup", "percentage": 1e999, "type": "progress"}"#)
        #expect(state.title == "Backup")
        #expect(state.percentage == nil)
    }

    @Test(arguments: ["[]", "7", #""text""#, "null", "{", ""])
    func whatIsNoObjectIsRefused(text: String) {
        #expect(throws: (any Error).self) { try Self.decoded(text) }
    }

    @Test func whatALaterServerAddsSurvives() throws {
        let state = try Self.decoded(
            #"{"title": "Fleet", "type": "map", "color": "beige", "route": {"stops": [1, "b", null]}, "metrics": [{"label": "a", "value": 1, "trend": "up"}]}"#)
        #expect(state.unknown == ["route": ["stops": [1, "b", nil]]])
        #expect(state.metrics?.first?.label == "a")
        let text = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
        #expect(text.contains(#""trend":"up""#))
        #expect(try Self.decoded(text) == state)
    }

    @Test func everyFieldHasAProperty() throws {
        let state = try Self.decoded(
            #"""
            {"title": "a", "subtitle": "b", "type": "c", "number_of_steps": 5, "current_step": 0, "percentage": 1.5, "value": "x",
             "upper_limit": 9, "metrics": [{"label": "d", "value": 2, "unit": "e", "color": "f"}], "message": "g",
             "timer": {"counts_down": true, "starts_at": 1, "ends_at": 2, "paused_at": 1.5},
             "icon": {"symbol": "h", "color": "i"}, "badge": {"title": "j"}, "color": "k", "step_color": "l",
             "step_colors": ["m"], "action": {"id": "n", "title": "o", "type": "p", "url": "q"},
             "secondary_action": {"id": "r", "title": "s", "type": "t"}}
            """#)
        #expect(Set(state.fields.keys) == Set(ContentState.Field.allCases.map(\.rawValue)))
        #expect(state.title == "a" && state.subtitle == "b" && state.type == "c")
        #expect(state.numberOfSteps == 5 && state.currentStep == 0)
        #expect(state.percentage == 1.5 && state.value == .text("x") && state.upperLimit == 9)
        let metric = try #require(state.metrics?.first)
        #expect(metric.label == "d" && metric.value == .number(2) && metric.unit == "e" && metric.color == "f")
        #expect(state.message == "g")
        let timer = try #require(state.timer)
        #expect(timer.countsDown && timer.startsAt == 1 && timer.endsAt == 2 && timer.pausedAt == 1.5)
        #expect(state.icon?.words == "h" && state.icon?.color == "i")
        #expect(state.badge?.words == "j" && state.badge?.color == nil)
        #expect(state.color == "k" && state.stepColor == "l" && state.stepColors == ["m"])
        #expect(state.action == Action(id: "n", title: "o", type: "p", url: "q"))
        #expect(state.secondaryAction == Action(id: "r", title: "s", type: "t"))
    }

    @Test func theNameIsWhatTheServerSendsAsAttributesType() {
        #expect(String(describing: ActivitySmithAttributes.self) == "ActivitySmithAttributes")
    }
}
