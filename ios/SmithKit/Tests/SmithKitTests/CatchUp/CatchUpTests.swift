import Foundation
import Testing
@testable import SmithKit

/// The cases that this and the simulated iPhone agree on: `tests/simulator/test_catch_up_cases.py` reads the same file.
@Suite struct CatchUpTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        struct Shown: Decodable, Sendable {
            var card: String
            var activityID: String
            var timestamp: Double?
            var ended: Bool?

            enum CodingKeys: String, CodingKey {
                case card, timestamp, ended
                case activityID = "activity_id"
            }
        }

        var name: String
        var answer: [JSONValue]
        var screen: [Shown]
        var dismissed: [String]?
        var steps: [JSONValue]

        var testDescription: String { name }
    }

    static let cases: [Case] = {
        guard let file = Bundle.module.url(forResource: "catch_up", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: file)
        else { return [] }
        return (try? JSONDecoder().decode([Case].self, from: data)) ?? []
    }()

    static let now = Date(timeIntervalSince1970: 1_795_435_200) // 2026-11-23T12:00:00Z

    @Test func thereAreCases() {
        #expect(Self.cases.count > 20)
    }

    @Test(arguments: cases)
    func theScreenBecomesWhatTheServerSays(one: Case) throws {
        let state = try #require(DeviceState(fields: ["live_activities": .array(one.answer)]))
        let cards = one.screen.map {
            CatchUp.Card(
                cardID: $0.card, activityID: $0.activityID, isEnded: $0.ended ?? false,
                timestamp: $0.timestamp.map(Date.init(timeIntervalSince1970:)))
        }
        let plan = CatchUp.plan(answer: state, onScreen: cards, dismissed: Set(one.dismissed ?? []), now: Self.now)
        #expect(plan.map(\.json) == one.steps)
    }
}

extension CatchUp.Step {
    /// As the table writes it.
    fileprivate var json: JSONValue {
        switch self {
        case .start(let id, let state, let timestamp, let staleAt, let pushType):
            .object(
                ["step": "start", "activity_id": .string(id)]
                    .merging(Self.fields(state, timestamp, staleAt)) { $1 }
                    .merging(pushType.fields) { $1 })
        case .update(let card, let state, let timestamp, let staleAt):
            .object(["step": "update", "card": .string(card)].merging(Self.fields(state, timestamp, staleAt)) { $1 })
        case .end(let card, let state, _, let dismissAt):
            .object(
                ["step": "end", "card": .string(card), "dismiss_at": dismissAt.map { .string(Self.text($0)) } ?? .null]
                    .merging(Self.fields(state, nil, nil)) { $1 })
        case .leave(let id, let reason):
            ["step": "leave", "activity_id": .string(id), "because": .string(reason.rawValue)]
        }
    }

    private static func fields(_ state: ContentState?, _ timestamp: Date?, _ staleAt: Date?) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        fields["title"] = state.map { .string($0.title) }
        fields["timestamp"] = timestamp.map { .number($0.timeIntervalSince1970) }
        fields["stale_at"] = staleAt.map { .string(text($0)) }
        return fields
    }

    private static func text(_ date: Date) -> String { date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }
}

extension CatchUp.PushType {
    fileprivate var fields: [String: JSONValue] {
        switch self {
        case .token: [:]
        case .channel(let id): ["channel": .string(id)]
        }
    }
}
