import Foundation

extension Metric {
    /// The value as people read it, with its unit or currency; a dash before the first.
    public func words(locale: Locale = .current) -> String {
        switch value {
        case nil: "–"
        case .text(let text): text
        // What would be written as -0 is 0.
        case .number(let number): words(abs(number) < 0.005 ? 0 : number, locale)
        }
    }

    private func words(_ number: Double, _ locale: Locale) -> String {
        let plain = number.formatted(.number.precision(.fractionLength(0...2)).locale(locale))
        return switch format {
        case "currency": currencyCode.map { number.formatted(Self.money(number, $0, locale)) } ?? plain
        // 99.9 is 99.9 %.
        case "percent": (number / 100).formatted(.percent.precision(.fractionLength(0...2)).locale(locale))
        case "unit": plain + (isUnitApart ? "\u{a0}" : "") + (unit ?? "")
        default: plain
        }
    }

    private static func money(_ number: Double, _ code: String, _ locale: Locale) -> FloatingPointFormatStyle<Double>.Currency {
        let style = FloatingPointFormatStyle<Double>.Currency(code: code, locale: locale)
        return number.rounded() == number ? style.precision(.fractionLength(0)) : style
    }
}
