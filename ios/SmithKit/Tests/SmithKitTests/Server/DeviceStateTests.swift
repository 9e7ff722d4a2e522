import Foundation
import Testing
@testable import SmithKit

@Suite struct DeviceStateTests {
    func state(_ json: String) throws -> DeviceState? {
        DeviceState(fields: try JSONDecoder().decode(JSONObject.self, from: Data(json.utf8)).fields)
    }

    @Test func anAnswerIsReadWhole() throws {
        let state = try #require(try state("""
            {"live_activities": [{"activity_id": "lhs2", "phase": "active", "content_state": {"title": "Deploy", "type": "progress"},
              "timestamp": 1795452767, "started_at": "2026-11-23T16:52:46.738Z", "stale_at": "2026-11-24T00:52:46Z"}],
             "badge": 3, "version": "v7", "device": {"id": "d1", "name": "Ada's iPhone", "state": "dead", "push_token_state": "dead",
              "push_token_reason": "Unregistered", "push_token_registered_at": "2026-11-23T12:00:00.000Z"}}
            """))
        let activity = try #require(state.activities.first)
        #expect(activity.phase == .active)
        #expect(activity.contentState?.title == "Deploy")
        #expect(activity.timestamp == Date(timeIntervalSince1970: 1_795_452_767))
        #expect(abs((activity.startedAt?.timeIntervalSince1970 ?? 0) - 1_795_452_766.738) < 0.001)
        #expect(activity.staleAt == Date(timeIntervalSince1970: 1_795_481_566))
        #expect(activity.dismissAt == nil)
        #expect(state.badge == 3)
        #expect(state.version == "v7")
        #expect(state.device?.pushToken.reason == "Unregistered")
        #expect(state.device?.pushToStartToken.state == "missing")
    }

    @Test func whatIsOddCostsNothingElse() throws {
        let state = try #require(try state("""
            {"live_activities": [7, {"phase": "active"}, {"activity_id": "a", "phase": 3, "timestamp": "x", "started_at": "yesterday"},
              {"activity_id": "b", "phase": "active", "content_state": {"title": 1}}], "badge": -1, "version": 5, "later": {}}
            """))
        #expect(state.activities.map(\.activityID) == ["a", "b"])
        #expect(state.activities[0].phase == nil)
        #expect(state.activities[0].timestamp == nil)
        #expect(state.badge == nil)
    }

    @Test(arguments: [#"{}"#, #"{"live_activities": null}"#, #"{"live_activities": {}}"#])
    func anAnswerWithoutAListIsNotAnEmptyScreen(json: String) throws {
        #expect(try state(json) == nil)
    }

    @Test func itWaitsForAnotherVersion() async throws {
        let server = ScriptedServer(.ok(#"{"live_activities": [], "version": "v1"}"#))
        let api = DeviceAPI(aPairing, transport: server)
        _ = try await api.state()
        _ = try await api.state(after: "v/1", waitSeconds: 99)
        #expect(server.calls == ["GET /api/device/state", "GET /api/device/state?after=v%2F1&wait_seconds=25"])
        #expect(server.requests[1].timeout > 25)
    }
}
