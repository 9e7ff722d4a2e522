import Foundation
import Testing
@testable import SmithKit

/// What every call of `DeviceAPI` does about answers, and about none.
@Suite struct CallTests {
    let pauses = Pauses()

    func api(_ server: ScriptedServer, _ retry: RetryPolicy? = nil) -> DeviceAPI {
        DeviceAPI(aPairing, transport: server, retry: retry ?? pauses.policy())
    }

    @Test func itCarriesTheSecretAndWritesJSON() async throws {
        let server = ScriptedServer(.ok(#"{"device": {"id": "d1"}}"#))
        try await api(server).report(TokenReport(pushToken: "aa", environment: .sandbox, frequentPushesEnabled: false))
        #expect(server.calls == [
            #"PUT /api/device/tokens {"environment":"sandbox","frequent_pushes_enabled":false,"push_token":"aa"}"#
        ])
        #expect(server.requests[0].headers["Authorization"] == "Bearer dev_secret")
        #expect(server.requests[0].headers["Content-Type"] == "application/json")
    }

    @Test(arguments: [408, 429, 502, 503, 504])
    func whatPassesIsTriedAgainWithLongerPauses(status: Int) async throws {
        let server = ScriptedServer(.error(status), .error(status), .ok(#"{"metrics": []}"#))
        #expect(try await api(server).metrics().isEmpty)
        #expect(pauses.all == [1, 2])
    }

    @Test(arguments: [400, 403, 404, 409, 500, 501])
    func whatIsFinalIsNotTriedAgain(status: Int) async throws {
        let server = ScriptedServer(.error(status, "Name"))
        await #expect(throws: DeviceAPIError.refused(status: status, error: "Name", message: "A sentence.")) {
            try await api(server).metrics()
        }
        #expect(server.requests.count == 1)
    }

    @Test func triesAreBounded() async throws {
        let server = ScriptedServer([noNetwork])
        await #expect(throws: DeviceAPIError.unreachable(reason: "This phone is offline.")) { try await api(server).metrics() }
        #expect(server.requests.count == 4)
        #expect(pauses.all == [1, 2, 4])
    }

    @Test func aCallSucceedsWhenTheNetworkIsBack() async throws {
        let server = ScriptedServer([noNetwork, noNetwork, answers(.ok(#"{"metrics": []}"#))])
        #expect(try await api(server).metrics().isEmpty)
    }

    @Test func aPauseThatTheServerAsksForIsKept() async throws {
        let server = ScriptedServer(.error(503, retryAfter: 7), .ok(#"{"metrics": []}"#))
        _ = try await api(server).metrics()
        #expect(pauses.all == [7])
    }

    @Test func aPauseThatIsTooLongEndsTheCall() async throws {
        let server = ScriptedServer(.error(429, "Too many attempts", retryAfter: 11))
        await #expect(throws: DeviceAPIError.self) { try await api(server).metrics() }
        #expect(server.requests.count == 1)
    }

    @Test(arguments: ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "1e99", ""])
    func aStrangeRetryAfterIsLikeNone(text: String) async throws {
        let strange = HTTPResponse(status: 503, headers: ["retry-after": text], body: HTTPResponse.error(503).body)
        let server = ScriptedServer(strange, .ok(#"{"metrics": []}"#))
        _ = try await api(server).metrics()
        #expect(pauses.all == [1])
    }

    @Test func jitterSpreadsPausesButNeverBeyondTheLongest() {
        let retry = RetryPolicy(attempts: 50, firstPause: 1, longestPause: 10)
        for attempt in 1..<50 {
            let pause = retry.pause(after: attempt, retryAfter: nil) ?? .infinity
            #expect(pause > 0 && pause <= 10)
        }
        #expect(Set((0..<20).map { _ in retry.pause(after: 2, retryAfter: nil) }).count > 1)
        #expect(retry.pause(after: 50, retryAfter: nil) == nil)
    }

    @Test func the401OfTheServerMeansPairAgain() async throws {
        let server = ScriptedServer(.unauthorized)
        await #expect(throws: DeviceAPIError.unpaired) { try await api(server).metrics() }
        await #expect(throws: DeviceAPIError.unpaired) { try await api(server).state() }
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [
        HTTPResponse(status: 401, body: Data("<html>Sign in</html>".utf8)),
        HTTPResponse(status: 403, body: Data("{}".utf8)),
        HTTPResponse(status: 200, body: Data("<html>Welcome to the hotel</html>".utf8)),
        HTTPResponse(status: 200, body: Data("[1]".utf8)),
        HTTPResponse(status: 204),
    ])
    func whatAnswersInTheServersPlaceIsNotTheServer(response: HTTPResponse) async throws {
        let server = ScriptedServer(response)
        let error = await failure { try await api(server).metrics() } as? DeviceAPIError
        #expect(error?.isPassing == true)
        #expect(error?.localizedDescription.hasPrefix("What answers at push.example.com is not the server.") == true)
    }

    @Test func aServerThatHasMovedIsNotFollowed() async throws {
        let server = ScriptedServer(HTTPResponse(status: 301, headers: ["location": "https://new.example.com/api/device"]))
        let error = await failure { try await api(server).metrics() }
        #expect(error?.localizedDescription.contains("https://new.example.com") == true)
        #expect(server.requests.allSatisfy { $0.url.host() == "push.example.com" })
    }

    @Test func anAnswerWithoutWhatWasAskedForIsNoAnswer() async throws {
        let server = ScriptedServer(.ok())
        await #expect(throws: DeviceAPIError.self) { try await api(server).metrics() }
        await #expect(throws: DeviceAPIError.self) { try await api(server).state() }
        await #expect(throws: DeviceAPIError.self) { try await api(server).notifications() }
        await #expect(throws: DeviceAPIError.self) { try await api(server).run(actionID: "a") }
    }

    @Test func aTestNotificationIsNotSentTwice() async throws {
        let lost = ScriptedServer([noNetwork, answers(.ok(#"{"sent": {"devices_notified": 1}}"#))])
        await #expect(throws: DeviceAPIError.self) { try await api(lost).sendTestNotification() }
        #expect(lost.requests.count == 1)
        let busy = ScriptedServer(.error(503), .ok(#"{"sent": {"devices_notified": 1, "notification_id": "n1"}}"#))
        #expect(try await api(busy).sendTestNotification().isTaken)
    }

    @Test func aCancelledCallEndsAsOne() async throws {
        let server = ScriptedServer([{ _ in
            try await Task.sleep(for: .seconds(3600))
            return .ok()
        }])
        let call = Task { try await api(server, RetryPolicy()).metrics() }
        while server.requests.isEmpty { await Task.yield() }
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        #expect(server.requests.count == 1)
    }

    @Test func aCallThatIsCancelledInAPauseEndsAsOne() async throws {
        let server = ScriptedServer([noNetwork])
        let retry = RetryPolicy(firstPause: 3600, longestPause: 3600)
        let call = Task { try await api(server, retry).metrics() }
        while server.requests.isEmpty { await Task.yield() }
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
    }

    @Test func unpairingSucceedsIfTheServerHasForgottenThePhone() async throws {
        try await api(ScriptedServer(.unauthorized)).unpair()
        try await api(ScriptedServer(.ok())).unpair()
        await #expect(throws: DeviceAPIError.self) { try await api(ScriptedServer([noNetwork])).unpair() }
    }
}
