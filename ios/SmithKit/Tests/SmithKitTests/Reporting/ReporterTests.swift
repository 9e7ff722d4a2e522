import Foundation
import Testing
@testable import SmithKit

@Suite struct ReporterTests {
    let store = MemoryReportStore()
    let events = Events()

    /// Repeats nothing by itself, unless it is told to.
    func reporter(
        _ server: ScriptedServer, pairing: Pairing = aPairing, pauses: RetryPolicy = RetryPolicy(firstPause: 3600, longestPause: 3600),
        now: @escaping @Sendable () -> Date = { moment(0) }
    ) -> Reporter {
        Reporter(
            pairing: pairing, transport: server, store: store, retry: Pauses().policy(attempts: 1), pauses: pauses, now: now
        ) { [events] in await events.note($0) }
    }

    @Test func whatIsKnownIsSaidOnce() async {
        let server = ScriptedServer(deviceAnswer)
        let reporter = reporter(server)
        for _ in 0..<3 {
            await reporter.report(TokenReport(pushToken: "aa", environment: .sandbox))
            await reporter.report(updateToken: "11", ofActivity: "x/y")
        }
        #expect(server.calls == [
            #"PUT /api/device/tokens {"environment":"sandbox","push_token":"aa"}"#,
            #"PUT /api/device/live-activities/x%2Fy/token {"token":"11"}"#,
        ])
    }

    @Test func aLaunchSaysEverythingAgain() async {
        let server = ScriptedServer(deviceAnswer)
        let reporter = reporter(server)
        await reporter.report(TokenReport(pushToken: "aa"))
        await reporter.report(updateToken: "11", ofActivity: "x")
        await self.reporter(server).launched(showing: ["x"])
        #expect(server.calls.suffix(2) == [
            #"PUT /api/device/tokens {"push_token":"aa"}"#, #"PUT /api/device/live-activities/x/token {"token":"11"}"#,
        ])
    }

    @Test func whatWasNotHeardIsSaidByTheNextLaunch() async {
        await reporter(ScriptedServer([noNetwork])).reportDismissal(ofActivity: "x")
        let server = ScriptedServer(.ok())
        await reporter(server).settle()
        #expect(server.calls == ["POST /api/device/live-activities/x/dismissed"])
        await reporter(server).settle()
        #expect(server.requests.count == 1)
    }

    @Test func itIsKeptBeforeItIsSaid() async {
        let store = store
        let server = ScriptedServer([{ _ in
            // The process could die here.
            let kept = try JSONDecoder().decode(ReportBook.self, from: store.load() ?? Data())
            #expect(kept.duties == [.dismissal(activityID: "x")])
            return .ok()
        }])
        await reporter(server).reportDismissal(ofActivity: "x")
        #expect(server.requests.count == 1)
    }

    @Test func aTokenThatChangesWhileTheOldOneIsOnItsWayFollowsIt() async {
        let gate = Gate()
        let server = ScriptedServer([{ _ in await gate.pass(); return deviceAnswer }, answers(deviceAnswer)])
        let reporter = reporter(server)
        async let first: Void = reporter.report(TokenReport(pushToken: "aa"))
        while server.requests.isEmpty { await Task.yield() }
        async let second: Void = reporter.report(TokenReport(pushToken: "bb"))
        while await reporter.summary.pushToken != .owed { await Task.yield() }
        #expect(server.requests.count == 1)
        await gate.open()
        _ = await (first, second)
        #expect(server.calls == [
            #"PUT /api/device/tokens {"push_token":"aa"}"#, #"PUT /api/device/tokens {"push_token":"bb"}"#,
        ])
        #expect(await reporter.summary.pushToken == .heard)
    }

    @Test func itIsSaidAgainByItselfUntilItIsHeard() async {
        let pauses = Pauses()
        let server = ScriptedServer([noNetwork, noNetwork, noNetwork, answers(deviceAnswer)])
        let reporter = reporter(server, pauses: pauses.policy(firstPause: 5, longestPause: 300))
        await reporter.report(TokenReport(pushToken: "aa"))
        while await reporter.summary.pushToken != .heard { await Task.yield() }
        #expect(pauses.all == [5, 10, 20])
    }

    @Test func theNetworkThatIsBackIsUsedAtOnce() async {
        let server = ScriptedServer([noNetwork, answers(deviceAnswer)])
        let reporter = reporter(server)
        await reporter.report(TokenReport(pushToken: "aa"))
        #expect(await reporter.summary.pushToken == .owed)
        #expect(await reporter.settle())
        #expect(await reporter.summary.pushToken == .heard)
    }

    @Test func oneThatTheServerHasTroubleWithDoesNotHoldUpTheOthers() async {
        let server = ScriptedServer([{ $0.line.contains("/bad/") ? .error(500) : .ok(#"{"device": {"id": "d1"}}"#) }])
        let reporter = reporter(server)
        await reporter.reportDismissal(ofActivity: "bad")
        await reporter.reportDismissal(ofActivity: "good")
        #expect(server.calls.last == "POST /api/device/live-activities/good/dismissed")
        #expect(await reporter.summary.dismissalsOwed == 1)
    }

    @Test func aRefusalIsFinalUntilTheNextLaunch() async {
        let server = ScriptedServer(.error(400, "Invalid request"))
        let reporter = reporter(server)
        await reporter.report(TokenReport(bundleID: "not a bundle id"))
        await reporter.settle()
        #expect(server.requests.count == 1)
        #expect(await reporter.summary.problems.map(\.words) == ["A sentence."])
        await reporter.launched(showing: [])
        #expect(server.requests.count == 2)
    }

    @Test func aCardThatIsNotOursIsNamed() async {
        let reporter = reporter(ScriptedServer(.error(404, "Not found")))
        await reporter.report(updateToken: "11", ofActivity: "x")
        await reporter.reportDismissal(ofActivity: "y")
        #expect(await events.all == [.foreignActivity(id: "x")])
    }

    @Test func afterTheServersNoNothingIsSaidAnyMore() async {
        let server = ScriptedServer(.unauthorized)
        let reporter = reporter(server)
        await reporter.report(TokenReport(pushToken: "aa"))
        await reporter.report(updateToken: "11", ofActivity: "x")
        #expect(await events.all == [.unpaired])
        #expect(server.requests.count == 1)
    }

    @Test func anotherPairingIsToldTheTokensAgain() async {
        let server = ScriptedServer(deviceAnswer)
        await reporter(server).report(TokenReport(pushToken: "aa"))
        await reporter(server).reportDismissal(ofActivity: "x")
        let other = Pairing(server: aServer, deviceID: "d2", secret: "dev_other")
        await reporter(server, pairing: other).settle()
        #expect(server.calls.last == #"PUT /api/device/tokens {"push_token":"aa"}"#)
        #expect(server.requests.last?.headers["Authorization"] == "Bearer dev_other")
    }

    @Test(arguments: ["", "{", "[]", #"{"deviceID": 7}"#, "\u{0}\u{1}\u{2}"])
    func aBrokenFileCostsNoMoreThanItsReports(text: String) async {
        try? store.save(Data(text.utf8))
        let server = ScriptedServer(deviceAnswer)
        let reporter = reporter(server)
        await reporter.report(TokenReport(pushToken: "aa"))
        #expect(server.calls == [#"PUT /api/device/tokens {"push_token":"aa"}"#])
        #expect(await reporter.summary.problems.map(\.during) == ["reading the reports"])
    }

    @Test func aFileThatCannotBeReadYetIsNotOverwritten() async throws {
        await reporter(ScriptedServer([noNetwork])).reportDismissal(ofActivity: "x")
        store.isLocked = true
        let server = ScriptedServer(deviceAnswer)
        let reporter = reporter(server)
        await reporter.report(TokenReport(pushToken: "aa"))
        await reporter.reportDismissal(ofActivity: "y")
        #expect(server.requests.isEmpty)
        #expect(await reporter.dismissedActivities == ["y"])
        store.isLocked = false
        await reporter.settle()
        #expect(server.calls == [
            #"PUT /api/device/tokens {"push_token":"aa"}"#, "POST /api/device/live-activities/x/dismissed",
            "POST /api/device/live-activities/y/dismissed",
        ])
    }

    @Test func whatCannotBeKeptIsSaidAllTheSame() async {
        store.isFull = true
        let server = ScriptedServer(deviceAnswer)
        await reporter(server).report(TokenReport(pushToken: "aa"))
        #expect(server.requests.count == 1)
    }

    @Test func whatWasRemovedIsKnownAfterTheServerHasHeardIt() async {
        let reporter = reporter(ScriptedServer(.ok()))
        await reporter.reportDismissal(ofActivity: "x")
        #expect(await reporter.dismissedActivities == ["x"])
    }

    @Test func aFileKeepsIt() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = FileReportStore(file: folder.appending(path: "deep/reports.json"))
        #expect(try file.load() == nil)
        try file.save(Data("one".utf8))
        try file.save(Data("two".utf8))
        #expect(try file.load() == Data("two".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "deep").path) == ["reports.json"])
    }
}

let deviceAnswer = HTTPResponse.ok(#"{"device": {"id": "d1"}}"#)

actor Events {
    private(set) var all: [Reporter.Event] = []
    func note(_ event: Reporter.Event) { all.append(event) }
}

/// Lets nothing through before it is opened.
actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        waiting.forEach { $0.resume() }
        waiting = []
    }
}

final class MemoryReportStore: ReportStore, @unchecked Sendable {
    struct Locked: Error {}

    // All are guarded by `lock`.
    private var data: Data?
    private var locked = false
    private var full = false
    private let lock = NSLock()

    var isLocked: Bool {
        get { lock.withLock { locked } }
        set { lock.withLock { locked = newValue } }
    }

    var isFull: Bool {
        get { lock.withLock { full } }
        set { lock.withLock { full = newValue } }
    }

    func load() throws -> Data? {
        try lock.withLock {
            if locked { throw Locked() }
            return data
        }
    }

    func save(_ data: Data) throws {
        try lock.withLock {
            if locked || full { throw Locked() }
            self.data = data
        }
    }
}
