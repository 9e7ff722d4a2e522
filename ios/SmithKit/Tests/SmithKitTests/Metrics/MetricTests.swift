import Foundation
import Testing
@testable import SmithKit

@Suite struct MetricTests {
    static func metric(_ fields: [String: JSONValue]) -> Metric? {
        Metric(.object(["key": "signups", "label": "Sign-ups"].merging(fields) { $1 }))
    }

    static let american = Locale(identifier: "en_US"), german = Locale(identifier: "de_DE")

    @Test(arguments: [
        (["latest_value": 1240.5], american, "1,240.5"),
        (["latest_value": 1240.5], german, "1.240,5"),
        (["latest_value": nil], american, "–"),
        ([:], american, "–"),
        (["format": "percent", "latest_value": 99.9], american, "99.9%"),
        (["format": "currency", "currency_code": "EUR", "latest_value": 12.5], american, "€12.50"),
        (["format": "currency", "currency_code": "EUR", "latest_value": 1200], american, "€1,200"),
        (["format": "currency", "latest_value": 3], american, "3"),
        (["format": "unit", "unit": "ms", "unit_spacing": "none", "latest_value": 12], american, "12ms"),
        (["format": "unit", "unit": "ms", "unit_spacing": "space", "latest_value": 12], american, "12\u{a0}ms"),
        (["format": "string", "latest_value": "all good"], american, "all good"),
        (["format": "hologram", "latest_value": 7], american, "7"),
        (["format": "number", "latest_value": ["odd"]], american, "–"),
        (["format": "number", "latest_value": -0.004], american, "0"),
    ] as [([String: JSONValue], Locale, String)])
    func aValueIsWrittenAsItsFormatSays(fields: [String: JSONValue], locale: Locale, words: String) {
        #expect(Self.metric(fields)?.words(locale: locale) == words)
    }

    @Test func withoutAKeyItIsNoMetric() {
        #expect(Metric(["label": "Sign-ups"]) == nil)
        #expect(Metric("signups") == nil)
        #expect(Metric(["key": "signups"])?.label == "signups")
    }

    @Test func itSurvivesBeingKept() throws {
        for fields in [
            ["latest_value": 1.5, "latest_value_at": "2026-11-23T12:00:00.250Z", "format": "currency", "currency_code": "EUR"],
            ["latest_value": "text", "format": "string"], ["format": "unit", "unit": "ms", "unit_spacing": "space"],
        ] as [[String: JSONValue]] {
            let metric = try #require(Self.metric(fields))
            #expect(Metric(metric.json) == metric)
        }
    }
}

@Suite final class MetricBoardTests {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    let store = MemoryPairingStore(aPairing)

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func board(_ server: ScriptedServer) -> MetricBoard {
        MetricBoard(
            pairings: store, transport: server, file: folder.appending(path: "metrics.json"),
            retry: Pauses().policy(attempts: 1), now: { moment(0) })
    }

    static let answer = HTTPResponse.ok(#"{"metrics": [{"key": "a", "latest_value": 3}, {"no": "key"}]}"#)

    @Test func theLastValuesStayWhenTheServerIsAway() async {
        let fresh = await board(ScriptedServer(Self.answer)).refreshed()
        #expect(fresh.metrics.map(\.key) == ["a"])
        #expect(fresh.trouble == nil)
        let kept = await board(ScriptedServer([noNetwork])).refreshed()
        #expect(kept.metrics == fresh.metrics)
        #expect(kept.readAt == moment(0))
        #expect(kept.trouble == "This phone is offline.")
    }

    @Test func whatBelongsToAFormerPairingIsNotShown() async throws {
        _ = await board(ScriptedServer(Self.answer)).refreshed()
        try store.save(Pairing(server: aServer, deviceID: "d2", secret: "dev_new"))
        #expect(board(ScriptedServer([])).kept().metrics.isEmpty)
        try store.save(aPairing)
        #expect(board(ScriptedServer([])).kept().metrics.count == 1)
        #expect(await board(ScriptedServer(.unauthorized)).refreshed().metrics.isEmpty)
        #expect(board(ScriptedServer([])).kept().metrics.isEmpty)
    }

    @Test func anUnpairedPhoneSaysSo() async throws {
        try store.delete()
        let server = ScriptedServer(Self.answer)
        #expect(await board(server).refreshed().trouble == "This phone is not paired. Open the app.")
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: ["", "{", "[]", #"{"metrics": 7}"#])
    func aBrokenFileIsLikeNone(text: String) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appending(path: "metrics.json"))
        #expect(board(ScriptedServer([])).kept() == MetricBoard.Snapshot())
        #expect(await board(ScriptedServer(Self.answer)).refreshed().metrics.count == 1)
    }

    @Test func whatCannotBeKeptIsShownAllTheSame() async throws {
        try Data().write(to: folder)
        #expect(await board(ScriptedServer(Self.answer)).refreshed().metrics.count == 1)
    }
}
