import Foundation
import Testing

@testable import SmithKit

@Suite struct CardTimerTests {
    private static func timer(_ fields: [String: JSONValue]) throws -> CardTimer {
        CardTimer(try #require(ContentState.TimerWindow(.object(fields))))
    }

    private static func at(_ seconds: Double) -> Date { Date(timeIntervalSince1970: seconds) }

    @Test(arguments: [(0, 100), (100, 100), (150, 50), (200, 0), (999, 0)])
    func itCountsDownToItsEnd(now: Double, left: Double) throws {
        let timer = try Self.timer(["counts_down": true, "starts_at": 100, "ends_at": 200])
        #expect(timer.seconds(at: Self.at(now)) == left)
        #expect(timer.fraction(at: Self.at(now)) == left / 100)
    }

    @Test(arguments: [(0, 0), (100, 0), (150, 50), (200, 100), (999, 100)])
    func itCountsUpToItsEnd(now: Double, passed: Double) throws {
        let timer = try Self.timer(["counts_down": false, "starts_at": 100, "ends_at": 200])
        #expect(timer.seconds(at: Self.at(now)) == passed)
    }

    @Test func withoutAnEndItCountsUpAndHasNoBar() throws {
        let timer = try Self.timer(["counts_down": true, "starts_at": 100])
        #expect(!timer.countsDown)
        #expect(timer.text(at: Self.at(4000)) == "1:05:00")
        #expect(timer.fraction(at: Self.at(4000)) == nil)
        #expect(timer.interval.upperBound == .distantFuture)
    }

    @Test func whileItIsPausedItStands() throws {
        let timer = try Self.timer(["counts_down": true, "starts_at": 100, "ends_at": 200, "paused_at": 130])
        #expect(timer.seconds(at: Self.at(150)) == 70)
        #expect(timer.pausedAt == Self.at(130))
    }

    @Test func anEndBeforeItsStartHarmsNothing() throws {
        let timer = try Self.timer(["counts_down": true, "starts_at": 200, "ends_at": 100])
        #expect(timer.interval.lowerBound == timer.interval.upperBound)
        #expect(timer.seconds(at: Self.at(150)) == 0)
        #expect(timer.fraction(at: Self.at(150)) == nil)
    }

    @Test(arguments: [1e300, -1e300, 1e17])
    func aTimeBeyondAllDatesHarmsNothing(moment: Double) throws {
        let timer = try Self.timer(["counts_down": true, "starts_at": .number(-moment), "ends_at": .number(moment)])
        #expect(!timer.text(at: Self.at(0)).isEmpty)
        #expect(timer.interval.lowerBound <= timer.interval.upperBound)
    }
}
