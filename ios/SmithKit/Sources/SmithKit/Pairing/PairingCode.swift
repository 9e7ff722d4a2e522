/// The code that a person reads in the web admin and types into the app: 8 letters and digits.
public struct PairingCode: Hashable, Sendable, CustomStringConvertible {
    /// As people read it: `K7QF-2M9X`.
    public let text: String

    /// Nil for what is no code. Letter case, spaces and hyphens do not matter.
    public init?(text: String) {
        let symbols = Self.symbols(in: text)
        guard symbols.count == Self.length else { return nil }
        self.text = Self.grouped(symbols)
    }

    public var description: String { text }

    static let length = 8

    private static func symbols(in text: String) -> [Character] {
        // A person may paste anything.
        text.prefix(200).uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.map { $0 }
    }

    private static func grouped(_ symbols: some Collection<Character>) -> String {
        let half = length / 2
        return String(symbols.prefix(half)) + "-" + String(symbols.dropFirst(half))
    }
}
