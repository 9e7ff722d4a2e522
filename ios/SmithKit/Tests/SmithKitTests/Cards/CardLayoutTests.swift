import Foundation
import Testing

@testable import SmithKit

@Suite struct CardLayoutTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let britishInTokyo: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.locale = Locale(identifier: "en_GB")
        calendar.timeZone = TimeZone(secondsFromGMT: 9 * 3600) ?? .gmt
        return calendar
    }()
    private static let countdown: JSONValue = [
        "counts_down": true, "starts_at": 1_799_999_950, "ends_at": 1_800_000_250,
    ]

    @Test(arguments: [
        (["title": "Backup", "subtitle": "db-1", "type": "progress", "percentage": 42], "Backup. db-1. Progress: 42%."),
        (["title": "Ready?", "type": "alert", "message": "Ship it!", "badge": ["title": "Waits"]], "Ready? Waits. Ship it!"),
        (
            ["title": "Deploy", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2],
            "Deploy. Progress: step 2 of 4."
        ),
        (["title": "Deploy", "type": "countdown", "number_of_steps": 4, "current_step": 1], "Deploy. Progress: 3 left of 4."),
        (["title": "Tea", "type": "timer", "timer": countdown], "Tea. Timer until 17:04."),
        (
            ["title": "Work", "type": "timer", "timer": ["counts_down": false, "starts_at": 1_799_999_900]],
            "Work. Timer since 16:58."
        ),
        (
            [
                "title": "Tea", "type": "timer",
                "timer": ["counts_down": true, "starts_at": 0, "ends_at": 90, "paused_at": 30],
            ],
            "Tea. Timer paused at 1:00."
        ),
        (
            ["title": "Health", "type": "stats", "metrics": [["label": "CPU", "value": 42, "unit": "%"], ["value": "ok"]]],
            "Health. CPU: 42%. ok."
        ),
        (
            ["title": "Tea", "type": "timer", "timer": ["counts_down": true, "starts_at": 0, "ends_at": 1_799_999_999]],
            "Tea. Timer is over."
        ),
        (["type": "progress"], "Progress: not known."),
        ([:], ""),
    ] as [(ContentState, String)])
    func voiceOverSaysTheWholeCard(state: ContentState, said: String) {
        let layout = CardLayout(state: state, at: Self.now, calendar: Self.britishInTokyo)
        #expect(layout.accessibilityLabel == said)
    }

    @Test func aTimerThatEndsOnAnotherDaySaysOnWhich() {
        let timer: JSONValue = ["counts_down": true, "starts_at": 0, "ends_at": 1_800_086_400]
        let state: ContentState = ["title": "Move", "type": "timer", "timer": timer]
        let said = CardLayout(state: state, at: Self.now, calendar: Self.britishInTokyo).accessibilityLabel
        #expect(said.hasPrefix("Move. Timer until 16 Jan 2027") && said.hasSuffix("17:00."))
    }

    @Test func moreMetricsThanHaveRoomAreCounted() {
        let metrics = (0..<10).map { JSONValue.object(["label": "m", "value": .number(Double($0))]) }
        let layout = CardLayout(state: ["title": "Many", "type": "metrics", "metrics": .array(metrics)])
        #expect(layout.accessibilityLabel.hasSuffix("m: 7. And 2 more."))
    }

    @Test func aStaleCardSaysSo() {
        let state: ContentState = ["title": "Backup", "type": "value", "value": 3]
        let (fresh, stale) = (CardLayout(state: state), CardLayout(state: state, isStale: true))
        #expect(fresh.notice == nil)
        #expect(stale.notice == "Out of date")
        #expect(stale.accessibilityLabel == "Out of date. Backup. 3.")
        #expect(stale.body == fresh.body)
    }

    @Test(arguments: [
        (["type": "progress", "percentage": 42], .text("42%", .blue)),
        (["type": "progress", "percentage": 42.25], .ring(0.4225, .blue)),
        (["type": "segmented_progress", "number_of_steps": 250, "current_step": 125], .ring(0.5, .blue)),
        (["type": "progress"], .symbol(CardLayout.defaultSymbol, .blue)),
        (["type": "value", "value": "a long text"], .symbol(CardLayout.defaultSymbol, .blue)),
        (["type": "alert", "message": "Go?", "icon": ["symbol": "flag", "color": "red"]], .symbol("flag", .red)),
    ] as [(ContentState, CardGlyph)])
    func theRoundPartOfTheIslandShowsWhatFits(state: ContentState, glyph: CardGlyph) {
        #expect(CardLayout(state: state).island.minimal == glyph)
    }

    @Test func aTimerIsCountedByThePhoneAlsoInTheIsland() throws {
        let layout = CardLayout(state: ["type": "timer", "timer": Self.countdown, "color": "orange"])
        guard case .timer(let timer) = layout.body else { throw Unexpected(layout.body) }
        #expect(layout.island.compactTrailing == .timer(timer, .orange))
        #expect(layout.island.minimal == .timer(timer, .orange))
        #expect(layout.island.expanded.trailing == .nothing)
        #expect(timer.interval.lowerBound == Date(timeIntervalSince1970: 1_799_999_950))
        #expect(timer.interval.upperBound == Date(timeIntervalSince1970: 1_800_000_250))
    }

    @Test func onlyButtonsThatCanBePressedAreThere() throws {
        let webhook: JSONValue = ["id": "1", "title": "Roll back", "type": "webhook"]
        func titles(_ type: String, _ action: JSONValue) -> [String] {
            let state: ContentState = ["type": .string(type), "action": webhook, "secondary_action": action]
            return CardLayout(state: state).buttons.map(\.title)
        }
        func opening(_ url: JSONValue) -> JSONValue { ["id": "2", "title": "Open", "type": "open_url", "url": url] }
        #expect(titles("alert", opening("https://example.com")) == ["Roll back", "Open"])
        #expect(titles("alert", opening("shortcuts://run-shortcut?name=Lights")) == ["Roll back", "Open"])
        #expect(titles("alert", opening("otherapp://open")) == ["Roll back"])
        #expect(titles("alert", opening("javascript:alert(1)")) == ["Roll back"])
        #expect(titles("alert", opening(nil)) == ["Roll back"])
        #expect(titles("alert", ["id": "2", "title": "Sign", "type": "sign_document"]) == ["Roll back"])
        #expect(titles("type_of_a_later_server", opening("https://example.com")) == [])
    }

    @Test(arguments: [("42%", false), ("100/250", false), ("1000/2500", true)])
    func aLongFigureNeedsSmallerType(figure: String, isLong: Bool) {
        let parts = figure.split(separator: "/").compactMap { Double($0) }
        let state: ContentState =
            parts.count == 2
            ? ["type": "progress", "value": .number(parts[0]), "upper_limit": .number(parts[1])]
            : ["type": "progress", "percentage": 42]
        let layout = CardLayout(state: state)
        #expect(layout.figure == figure)
        #expect(layout.isFigureLong == isLong)
    }

    private struct Unexpected: Error {
        let body: CardBody
        init(_ body: CardBody) { self.body = body }
    }
}
