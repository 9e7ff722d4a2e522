import Foundation
import Testing
@testable import SmithKit

func note(_ id: String, version: Int = 1) -> InboxNotification {
    InboxNotification(fields: ["id": .string(id), "title": .string("\(id) v\(version)"), "version": .number(Double(version))])!
}

func page(_ ids: String..., next: String? = nil) -> NotificationPage {
    NotificationPage(notifications: ids.map { note($0) }, nextPageToken: next)
}

@Suite struct InboxHistoryTests {
    @Test func pagesFollowOneAnother() {
        var history = InboxHistory()
        history.refresh(with: page("d", "c", next: "t1"))
        history.append(page("b", "a"))
        #expect(history.notifications.map(\.id) == ["d", "c", "b", "a"])
        #expect(history.nextPageToken == nil)
    }

    @Test func whatIsNewComesFirstAndNothingTwice() {
        var history = InboxHistory()
        history.refresh(with: page("d", "c", next: "t1"))
        history.append(page("b", "a", next: "t2"))
        history.refresh(with: page("e", "d", next: "t9"))
        #expect(history.notifications.map(\.id) == ["e", "d", "c", "b", "a"])
        #expect(history.nextPageToken == "t2")
        history.append(page("b", "z"))
        #expect(history.notifications.map(\.id) == ["e", "d", "c", "b", "a", "z"])
    }

    @Test func afterMoreThanAPageItBeginsAgain() {
        var history = InboxHistory()
        history.refresh(with: page("b", "a", next: "t1"))
        history.refresh(with: page("z", "y", next: "t9"))
        #expect(history.notifications.map(\.id) == ["z", "y"])
        #expect(history.nextPageToken == "t9")
    }

    @Test func anEmptyPageEmptiesIt() {
        var history = InboxHistory()
        history.refresh(with: page("b", "a", next: "t1"))
        history.refresh(with: page())
        #expect(history == InboxHistory())
    }

    @Test func theNewestVersionCounts() {
        var history = InboxHistory()
        history.refresh(with: page("b", "a"))
        history.refresh(with: NotificationPage(notifications: [note("b", version: 3), note("a")], nextPageToken: nil))
        history.refresh(with: NotificationPage(notifications: [note("b", version: 2), note("a")], nextPageToken: nil))
        #expect(history.notifications.map(\.version) == [3, 1])
    }

    @Test func itHasABound() {
        var history = InboxHistory()
        for number in 0..<60 {
            let ids = (0..<20).map { note("\(number)-\($0)") }
            history.append(NotificationPage(notifications: ids, nextPageToken: "t"))
        }
        #expect(history.notifications.count == InboxHistory.most)
        #expect(history.nextPageToken == nil)
    }

    @Test func aPageIsAskedFor() async throws {
        let answer = HTTPResponse.ok(#"{"notifications": [{"id": "n1", "title": "Hi", "actions": []}, {"title": "no id"}], "next_page_token": "p 2"}"#)
        let server = ScriptedServer(answer)
        let api = DeviceAPI(aPairing, transport: server)
        let first = try await api.notifications()
        _ = try await api.notifications(pageToken: first.nextPageToken, pageSize: 1000)
        #expect(first.notifications.map(\.id) == ["n1"])
        #expect(server.calls == [
            "GET /api/device/notifications?page_size=30", "GET /api/device/notifications?page_size=100&page_token=p%202",
        ])
    }
}

@Suite struct ActionRunnerTests {
    let pauses = Pauses()

    func run(_ state: String, message: String = "") -> ScriptedServer.Answer {
        answers(.ok(#"{"action_run": {"id": "r1", "action_id": "a1", "state": "\#(state)", "attempts": 1, "message": "\#(message)"}}"#))
    }

    func outcome(_ server: ScriptedServer) async throws -> ActionRun {
        let api = DeviceAPI(aPairing, transport: server, retry: Pauses().policy(attempts: 1))
        return try await ActionRunner(api, sleep: pauses.policy().sleep).run(actionID: "a1")
    }

    @Test func anOutcomeThatIsThereIsTaken() async throws {
        let server = ScriptedServer([run("succeeded")])
        #expect(try await outcome(server).state == .succeeded)
        #expect(server.calls == ["POST /api/device/actions/a1/run"])
    }

    @Test func aRunIsAskedForUntilItsOutcomeIsKnown() async throws {
        let server = ScriptedServer([run("running"), run("running"), run("failed", message: "The host is unknown.")])
        let outcome = try await outcome(server)
        #expect(outcome.state == .failed)
        #expect(outcome.message == "The host is unknown.")
        #expect(server.calls[1...] == ["GET /api/device/action-runs/r1", "GET /api/device/action-runs/r1"])
        #expect(pauses.all == [1, 2])
    }

    @Test func aQuestionWithoutAnAnswerIsAskedAgain() async throws {
        let server = ScriptedServer([run("running"), noNetwork, answers(.error(503)), run("succeeded")])
        #expect(try await outcome(server).state == .succeeded)
    }

    @Test func aRunThatTakesLongGoesOnWithoutThePhone() async throws {
        let server = ScriptedServer([run("running")])
        #expect(try await outcome(server).state == .running)
        #expect(server.requests.count == 1 + ActionRunner.pauses.count)
        #expect(pauses.all.reduce(0, +) < 25)
    }

    @Test func aStateOfALaterServerIsNoOutcome() async throws {
        let server = ScriptedServer([run("exploded"), run("succeeded")])
        #expect(try await outcome(server).state == .succeeded)
    }

    @Test func aTapThatTheServerDidNotHearFails() async {
        await #expect(throws: DeviceAPIError.self) { try await outcome(ScriptedServer([noNetwork])) }
        await #expect(throws: DeviceAPIError.unpaired) { try await outcome(ScriptedServer(.unauthorized)) }
        await #expect(throws: DeviceAPIError.unpaired) {
            try await outcome(ScriptedServer([run("running"), answers(.unauthorized)]))
        }
    }
}
