import Foundation
import Testing

@testable import SmithKit

@Suite struct FiguresTests {
    /// `Fixtures/figures.json`: how the web admin writes them.
    private static func table(_ name: String) throws -> [String: String] {
        try #require(try fixture("figures").object?[name]?.object).compactMapValues(\.text)
    }

    @Test func aNumberIsWrittenAsInTheAdmin() throws {
        let table = try Self.table("numbers")
        #expect(table.count > 150)
        for (number, text) in table {
            let double = try #require(Double(number))
            #expect(Figures.text(double) == text, "\(number)")
        }
    }

    @Test func aTimeIsWrittenAsInTheAdmin() throws {
        for (seconds, text) in try Self.table("clocks") {
            let double = try #require(Double(seconds))
            #expect(Figures.clock(double) == text, "\(seconds)")
        }
    }

    @Test func aUnitStandsBehindItsNumberAsInTheAdmin() throws {
        for (unit, text) in try Self.table("units") {
            #expect(Figures.unit(unit) == text, "\(unit)")
        }
        #expect(Figures.unit(nil) == "")
    }

    @Test(arguments: [(-5.0, "0:00"), (1e300, "277777777:46:40")])
    func aTimeThatNoTimerHasHarmsNothing(seconds: Double, text: String) {
        #expect(Figures.clock(seconds) == text)
    }
}
