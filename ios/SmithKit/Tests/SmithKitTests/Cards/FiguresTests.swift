import Testing

@testable import SmithKit

@Suite struct FiguresTests {
    @Test(arguments: [
        (0, "0"), (42, "42"), (42.5, "42.5"), (42.126, "42.13"), (0.125, "0.13"), (-0.125, "-0.13"), (-0.001, "0"),
        (1.005, "1"), (2.675, "2.67"), (1e14, "100000000000000"), (1e15, "1e+15"), (-1.25e15, "-1.25e+15"),
        (1.225e15, "1.23e+15"), (1.235e15, "1.24e+15"), (1.7976931348623157e308, "1.8e+308"), (1e-300, "0"),
    ])
    func aNumberIsWrittenAsPeopleReadIt(number: Double, text: String) {
        #expect(Figures.text(number) == text)
    }

    @Test(arguments: [
        (0.0, "0:00"), (59.999, "0:59"), (60, "1:00"), (3599, "59:59"), (3600, "1:00:00"), (36065.5, "10:01:05"),
        (-5, "0:00"), (1e300, "277777777:46:40"),
    ])
    func aTimeIsWrittenAsOnAClock(seconds: Double, text: String) {
        #expect(Figures.clock(seconds) == text)
    }

    @Test(arguments: [(nil, ""), ("", ""), ("%", "%"), ("°C", "°C"), ("jobs", "\u{a0}jobs"), ("  GB ", "\u{a0}GB")])
    func aUnitStandsBehindItsNumber(unit: String?, text: String) {
        #expect(Figures.unit(unit) == text)
    }
}
