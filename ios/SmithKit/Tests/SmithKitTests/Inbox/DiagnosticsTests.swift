import Foundation
import Testing
@testable import SmithKit

@Suite struct DiagnosticsTests {
    @Test func theyTellAllStatesAndNoSecret() async {
        let server = ScriptedServer([{ $0.line.contains("tokens") ? deviceAnswer : .error(503) }])
        let reporter = Reporter(
            pairing: aPairing, transport: server, store: MemoryReportStore(), retry: Pauses().policy(attempts: 1),
            now: { moment(0) }) { _ in }
        await reporter.report(TokenReport(pushToken: "aabbcc", environment: .production, frequentPushesEnabled: true))
        await reporter.report(updateToken: "ddeeff", ofActivity: "x")
        await reporter.reportDismissal(ofActivity: "y")
        let device = Device([
            "id": "d1", "state": "dead", "push_token_state": "dead", "push_token_reason": "Unregistered",
            "push_token_registered_at": "2026-11-23T12:00:00.000Z",
        ])
        let text = Diagnostics(
            app: "1.0 (1)", system: "iOS 18.2", pairing: aPairing, permissions: [("Notifications", "allowed")],
            reports: await reporter.summary, device: device, at: moment(10)
        ).text
        for line in [
            "Smith 1.0 (1), iOS 18.2, 2026-11-23T16:51:50Z", "Server: https://push.example.com", "Device: d1",
            "Notifications: allowed", "Push token: heard", "Push-to-start token: missing", "Environment: production",
            "Frequent updates: allowed", "Update tokens: 0 heard, 1 owed", "Removed Live Activities: 1 owed",
            "The server calls the phone dead.",
            "Push token at the server: dead (Unregistered), reported 2026-11-23T12:00:00Z",
            "2026-11-23T16:51:40Z reporting an update token: A sentence.",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)\n---\n\(text)")
        }
        for secret in ["dev_secret", "aabbcc", "ddeeff"] { #expect(!text.contains(secret)) }
    }

    @Test func theyCanBeMadeWithNothing() {
        #expect(Diagnostics(app: "1.0", system: "iOS", at: moment(0)).text.contains("Server: not paired"))
        #expect(Diagnostics(app: "1.0", system: "iOS", pairing: aPairing).text.contains("The server could not be asked."))
    }

    @Test func theLogOfProblemsHasABound() {
        var log = ProblemLog()
        for number in 0..<100 {
            log.note(DeviceAPIError.unreachable(reason: "\(number) " + String(repeating: "x", count: 10_000)), during: "reading")
        }
        log.note(CancellationError(), during: "waiting")
        #expect(log.entries.count == ProblemLog.most)
        #expect(log.entries.last?.words.hasPrefix("99 ") == true)
        #expect(log.entries.allSatisfy { $0.words.count <= 300 })
    }

    @Test func aTestNotificationSaysWhatBecameOfIt() async throws {
        let taken = TestNotification(fields: ["sent": ["devices_notified": 1, "notification_id": "n1"]])
        let queued = TestNotification(fields: ["sent": ["devices_notified": 0, "devices_queued": 1, "notification_id": "n1"]])
        #expect(taken?.isTaken == true)
        #expect(queued?.isTaken == false)
        #expect(taken?.words != queued?.words)
    }
}
