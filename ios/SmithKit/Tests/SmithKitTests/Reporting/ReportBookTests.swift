import Foundation
import Testing
@testable import SmithKit

/// What is owed after what has happened. Pure.
@Suite struct ReportBookTests {
    struct Story: Sendable, CustomTestStringConvertible {
        enum Event: Sendable {
            case learned(ReportBook.Change)
            case heard(ReportBook.Duty)
        }

        let testDescription: String
        let events: [Event]
        let owed: [ReportBook.Duty]

        init(_ description: String, _ events: [Event], owes owed: [ReportBook.Duty]) {
            testDescription = description
            self.events = events
            self.owed = owed
        }
    }

    static let a = TokenReport(pushToken: "aa"), b = TokenReport(pushToken: "bb")

    static let stories: [Story] = [
        Story("nothing is owed at first", [], owes: []),
        Story("a token is owed", [.learned(.tokens(a))], owes: [.tokens(a)]),
        Story("what was heard is not", [.learned(.tokens(a)), .heard(.tokens(a))], owes: []),
        Story("the same again is not", [.learned(.tokens(a)), .heard(.tokens(a)), .learned(.tokens(a))], owes: []),
        Story("the newest token counts", [.learned(.tokens(a)), .learned(.tokens(b))], owes: [.tokens(b)]),
        Story(
            "a token that came while the one before was on its way is owed",
            [.learned(.tokens(a)), .learned(.tokens(b)), .heard(.tokens(a))], owes: [.tokens(b)]),
        Story(
            "so is one that came back",
            [.learned(.tokens(a)), .learned(.tokens(b)), .heard(.tokens(b)), .learned(.tokens(a))], owes: [.tokens(a)]),
        Story(
            "only what has changed is owed",
            [
                .learned(.tokens(TokenReport(pushToken: "aa", osVersion: "18.2"))),
                .heard(.tokens(TokenReport(pushToken: "aa", osVersion: "18.2"))),
                .learned(.tokens(TokenReport(osVersion: "18.3", frequentPushesEnabled: true))),
            ], owes: [.tokens(TokenReport(osVersion: "18.3", frequentPushesEnabled: true))]),
        Story(
            "a launch owes everything again",
            [.learned(.tokens(a)), .heard(.tokens(a)), .learned(.launched(showing: []))], owes: [.tokens(a)]),
        Story(
            "a launch owes update tokens of what is on the screen again, and not those of what has gone",
            [
                .learned(.updateToken("11", activityID: "x")), .heard(.updateToken("11", activityID: "x")),
                .learned(.updateToken("22", activityID: "y")), .learned(.launched(showing: ["x"])),
            ], owes: [.updateToken("11", activityID: "x")]),
        Story(
            "a newer update token replaces the one before",
            [
                .learned(.updateToken("11", activityID: "x")), .learned(.updateToken("22", activityID: "x")),
                .heard(.updateToken("11", activityID: "x")),
            ], owes: [.updateToken("22", activityID: "x")]),
        Story(
            "a removed card needs its dismissal heard, and its token no more",
            [.learned(.updateToken("11", activityID: "x")), .learned(.dismissed(activityID: "x"))],
            owes: [.dismissal(activityID: "x")]),
        Story(
            "a dismissal stays owed over a launch",
            [.learned(.dismissed(activityID: "x")), .learned(.launched(showing: []))], owes: [.dismissal(activityID: "x")]),
        Story(
            "a dismissal that was heard is not owed at the next launch",
            [.learned(.dismissed(activityID: "x")), .heard(.dismissal(activityID: "x")), .learned(.launched(showing: []))],
            owes: []),
        Story(
            "the token of a card that has ended is not owed",
            [.learned(.updateToken("11", activityID: "x")), .learned(.ended(activityID: "x"))], owes: []),
        Story(
            "tokens come first, then removals, then update tokens",
            [
                .learned(.updateToken("11", activityID: "z")), .learned(.updateToken("22", activityID: "w")),
                .learned(.dismissed(activityID: "y")), .learned(.tokens(a)),
            ],
            owes: [
                .tokens(a), .dismissal(activityID: "y"), .updateToken("22", activityID: "w"),
                .updateToken("11", activityID: "z"),
            ]),
    ]

    @Test(arguments: stories)
    func whatIsOwedFollowsFromWhatWasLearnedAndHeard(story: Story) throws {
        var book = ReportBook(deviceID: "d1")
        for event in story.events {
            switch event {
            case .learned(let change): book.apply(change, at: moment(0))
            case .heard(let duty): book.settle(duty)
            }
            // As if the process had died and come back after each.
            book = try JSONDecoder().decode(ReportBook.self, from: JSONEncoder().encode(book))
        }
        #expect(book.duties == story.owed)
    }

    @Test func anotherPairingOwesTheTokensOfThePhoneAndNothingOfTheFormerOne() {
        var book = ReportBook(deviceID: "d1")
        book.apply(.tokens(Self.a), at: moment(0))
        book.settle(.tokens(Self.a))
        book.apply(.dismissed(activityID: "x"), at: moment(0))
        #expect(book.belonging(to: "d1") == book)
        #expect(book.belonging(to: "d2").duties == [.tokens(Self.a)])
        #expect(book.belonging(to: "d2").dismissed.isEmpty)
    }

    @Test func whatIsOverIsForgotten() {
        var book = ReportBook(deviceID: "d1")
        book.apply(.dismissed(activityID: "x"), at: moment(0))
        book.apply(.updateToken("11", activityID: "y"), at: moment(ReportBook.longest - 1))
        #expect(book.dismissed == ["x"])
        book.apply(.updateToken("22", activityID: "z"), at: moment(ReportBook.longest))
        #expect(book.dismissed.isEmpty)
        #expect(book.activities.keys.sorted() == ["y", "z"])
    }

    @Test func itHasABound() {
        var book = ReportBook(deviceID: "d1")
        for number in 0..<(ReportBook.most + 50) {
            book.apply(.updateToken("11", activityID: String(number)), at: moment(Double(number)))
        }
        #expect(book.activities.count == ReportBook.most)
        #expect(book.activities["49"] == nil)
        #expect(book.activities["50"] != nil)
    }
}
