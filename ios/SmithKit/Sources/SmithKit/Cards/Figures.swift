import Foundation

/// Numbers as people read them. The web admin and the page at `/phone/` write the same.
enum Figures {
    /// At most 2 decimals, and no exponent unless the number is huge: `42`, `42.5`, `1e+16`. A half is rounded up.
    static func text(_ number: Double) -> String {
        let magnitude = abs(number)
        let written = magnitude >= 1e15 ? threeDigits(magnitude) : trimmed(twoDecimals(magnitude))
        return number < 0 && written != "0" ? "-" + written : written
    }

    static func text(_ value: ContentState.NumberOrText?) -> String {
        switch value {
        case .number(let number): text(number)
        case .text(let text): text
        case nil: ""
        }
    }

    /// As `4:10`, or `1:04:10`. `seconds` is 0 or more.
    static func clock(_ seconds: Double) -> String {
        // Ten years are the longest timer that the server makes; more only has to be written somehow.
        let whole = Int(max(0, min(seconds, 1e12)))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(twoDigits(rest))" : "\(minutes):\(twoDigits(rest))"
    }

    /// A unit as it stands behind its number: without a space in `42%` and `21°C`, and with one in `12 jobs`.
    static func unit(_ unit: String?) -> String {
        let unit = (unit ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard let first = unit.first, !joined.contains(first) else { return unit }
        return "\u{a0}" + unit
    }

    private static let joined: Set<Character> = ["%", "‰", "°", "′", "″", "×"]

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    /// The C library rounds a half to the even neighbor.
    private static func twoDecimals(_ magnitude: Double) -> String {
        guard (magnitude * 8).truncatingRemainder(dividingBy: 2) == 1 else { return String(format: "%.2f", magnitude) }
        // Exactly half are the odd eighths alone: .125, .375, .625 and .875.
        let exact = String(format: "%.3f", magnitude)
        return exact.dropLast(2) + (exact.hasSuffix("25") ? "3" : "8")
    }

    private static func threeDigits(_ magnitude: Double) -> String {
        // The exact number, of which 25 digits tell whether it is a half.
        let rest = String(format: "%.25e", magnitude).prefix { $0 != "e" }.dropFirst(4)
        let isHalf = rest.first == "5" && rest.dropFirst().allSatisfy { $0 == "0" }
        let parts = String(format: "%.2e", isHalf ? magnitude.nextUp : magnitude).split(separator: "e")
        return ([trimmed(String(parts[0]))] + parts.dropFirst().map(String.init)).joined(separator: "e")
    }

    private static func trimmed(_ decimal: String) -> String {
        var text = Substring(decimal)
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }
}
