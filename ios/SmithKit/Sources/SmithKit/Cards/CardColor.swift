/// The colors that a sender can choose. Screens have two shades of each, for light and for dark ground.
public enum CardColor: String, CaseIterable, Hashable, Sendable {
    case lime, green, cyan, blue, purple, magenta, red, orange, yellow, gray

    /// The color of a card that names none.
    public static let `default` = CardColor.blue

    /// The color of this name; `otherwise` for none, or one that this version does not know.
    init(_ name: String?, otherwise: CardColor) {
        self = name.flatMap(CardColor.init(rawValue:)) ?? otherwise
    }
}
