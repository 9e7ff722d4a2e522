import Foundation
import Testing

@testable import SmithKit

/// `Fixtures/content_states.json` and `activity_pushes.json` are what the server can send, written by the server's own code.
@Suite struct CoreContentStateTests {
    /// Decoded as iOS does it, with a plain decoder.
    private static func states() throws -> [String: ContentState] {
        try JSONDecoder().decode([String: ContentState].self, from: fixtureData("content_states"))
    }

    @Test func everyFieldIsReadAsItWasSent() throws {
        let states = try Self.states()
        #expect(states.count > 100)
        for (name, state) in states {
            #expect(state.unknown.isEmpty, "\(name)")
            for (key, sent) in state.fields {
                let field = try #require(ContentState.Field(rawValue: key), "\(name): \(key)")
                #expect(state.reads(field, as: sent), "\(name): \(key)")
            }
        }
    }

    @Test func everyStateIsEncodedAsItWasSent() throws {
        let sent = try #require(try fixture("content_states").object)
        let encoded = try JSONEncoder().encode(Self.states())
        #expect(try JSONDecoder().decode([String: JSONValue].self, from: encoded) == sent)
    }

    @Test func everyStateHasALayoutOfItsOwnType() throws {
        for (name, state) in try Self.states() {
            let layout = CardLayout(state: state)
            #expect(CardTypes.named(state.type) != nil, "\(name)")
            #expect(layout.title == state.title && !layout.accessibilityLabel.isEmpty, "\(name)")
            #expect(layout.buttons.count == [state.action, state.secondaryAction].compactMap { $0 }.count, "\(name)")
            #expect(layout.tint.rawValue == state.color ?? "blue", "\(name)")
        }
    }

    @Test func everyPushIsRead() throws {
        let pushes = try #require(try fixture("activity_pushes").object)
        var events: Set<ActivityPush.Event> = []
        for (name, json) in pushes {
            let push = try #require(json.object.flatMap(ActivityPush.init), "\(name)")
            let aps = try #require(json.object?["aps"]?.object)
            #expect(push.contentState?.fields == aps["content-state"]?.object, "\(name)")
            #expect(push.timestamp == 1_800_000_000)
            #expect((push.attributes?.activityID == nil) == (push.event != .start), "\(name)")
            #expect((push.dismissalDate == nil) == (push.event != .end), "\(name)")
            #expect((push.staleDate == nil) == (push.event == .end), "\(name)")
            #expect(push.event != .start || push.attributesType == String(describing: ActivitySmithAttributes.self))
            #expect(push.event != .start || push.alert?["title"]?.words != nil, "\(name)")
            events.insert(push.event)
        }
        #expect(events == [.start, .update, .end])
    }

    @Test func theAttributesAreReadByAPlainDecoder() throws {
        let pushes = try #require(try fixture("activity_pushes").object?.values)
        let push = try #require(pushes.first { $0.object?["aps"]?.object?["attributes"] != nil })
        let json = try #require(push.object?["aps"]?.object?["attributes"])
        let sent = try JSONEncoder().encode(json)
        let attributes = try JSONDecoder().decode(ActivitySmithAttributes.self, from: sent)
        #expect(!attributes.activityID.isEmpty)
    }
}

extension ContentState {
    /// Whether the property of the field has all of what was sent.
    fileprivate func reads(_ field: Field, as sent: JSONValue) -> Bool {
        switch field {
        case .title: .string(title) == sent
        case .subtitle: subtitle == sent.text
        case .type: .string(type) == sent
        case .percentage: percentage == sent.number
        case .value: value.map(\.json) == sent
        case .metrics: metrics.map { .array($0.map(\.json)) } == sent
        case .message: message == sent.text
        case .timer: timer.map(\.json) == sent
        case .icon: icon.map { $0.json("symbol") } == sent
        case .badge: badge.map { $0.json("title") } == sent
        case .color: color == sent.text
        case .action: action.map(\.json) == sent
        case .numberOfSteps: numberOfSteps.map(Double.init) == sent.number
        case .currentStep: currentStep.map(Double.init) == sent.number
        case .upperLimit: upperLimit == sent.number
        case .stepColor: stepColor == sent.text
        case .stepColors: stepColors.map { .array($0.map(JSONValue.init)) } == sent
        case .secondaryAction: secondaryAction.map(\.json) == sent
        }
    }
}

extension JSONValue {
    fileprivate init(_ text: String?) {
        self = text.map(JSONValue.string) ?? .null
    }

    /// An object without the fields that are nil.
    fileprivate static func without(nils fields: [String: JSONValue?]) -> JSONValue {
        .object(fields.compactMapValues { $0 })
    }
}

extension ContentState.NumberOrText {
    fileprivate var json: JSONValue {
        switch self {
        case .number(let number): .number(number)
        case .text(let text): .string(text)
        }
    }
}

extension ContentState.Metric {
    fileprivate var json: JSONValue {
        .without(nils: [
            "label": .string(label), "value": value?.json, "unit": unit.map(JSONValue.string),
            "color": color.map(JSONValue.string),
        ])
    }
}

extension ContentState.Mark {
    fileprivate func json(_ key: String) -> JSONValue {
        .without(nils: [key: .string(words), "color": color.map(JSONValue.string)])
    }
}

extension ContentState.TimerWindow {
    fileprivate var json: JSONValue {
        .without(nils: [
            "counts_down": .bool(countsDown), "starts_at": .number(startsAt), "ends_at": endsAt.map(JSONValue.number),
            "paused_at": pausedAt.map(JSONValue.number),
        ])
    }
}

extension Action {
    fileprivate var json: JSONValue {
        .without(nils: [
            "id": .string(id), "title": .string(title), "type": .string(type), "url": url.map(JSONValue.string),
        ])
    }
}
