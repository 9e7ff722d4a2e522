import Foundation

/// What a Live Activity looks like, as data: screens only paint it.
///
/// The web admin's lock screen and the page at `/phone/` show the same words, numbers and colors for the same state;
/// the table `Fixtures/cards.json` holds all three to it.
public struct CardLayout: Hashable, Sendable {
    /// The symbol of a card that names none.
    public static let defaultSymbol = "bolt.fill"

    /// Most lines of each text before it is cut by the screen. Nothing is cut here.
    public enum Lines {
        public static let title = 2
        public static let subtitle = 2
        public static let message = 4
    }

    /// Empty if there is none.
    public let title: String
    public let subtitle: String?
    /// The card's color: bars, and buttons.
    public let tint: CardColor
    /// An SF Symbol beside the title.
    public let icon: CardMark?
    /// A word that stands out.
    public let badge: CardMark?
    /// The large figure beside the title, as `42%`.
    public let figure: String?
    /// The figure is so long that it needs smaller type.
    public let isFigureLong: Bool
    public let body: CardBody
    /// Two at most.
    public let buttons: [ActionButton]
    /// Newer states may exist, and no push has brought them: the screen shows the card faded.
    public let isStale: Bool
    /// What stands above a stale card; nil for nothing.
    public let notice: String?
    public let island: CardIsland
    /// The whole card in sentences, for VoiceOver. Buttons speak for themselves.
    public let accessibilityLabel: String

    /// - Parameters:
    ///   - isStale: what iOS says: the state's `stale-date` has passed.
    ///   - now: the moment for which the accessibility label tells a timer.
    ///   - calendar: the person's, by which it tells the time.
    public init(state: ContentState, isStale: Bool = false, at now: Date = .now, calendar: Calendar = .current) {
        let known = CardTypes.named(state.type)
        title = state.title
        subtitle = state.subtitle
        tint = CardColor(state.color, otherwise: .default)
        icon = CardMark(state.icon, tint: tint)
        badge = CardMark(state.badge, tint: tint)
        body = (known ?? CardTypes.fitting(state)).body(of: state, tint: tint)
        figure = body.sideFigure
        isFigureLong = (figure?.count ?? 0) > Self.longFigure
        // What the buttons of a type of a later server mean is not known either.
        let actions = known == nil ? [] : [state.action, state.secondaryAction].compactMap { $0 }
        buttons = actions.compactMap { ActionButton($0, opens: .webOrShortcut) }
        self.isStale = isStale
        notice = isStale ? String(localized: "Out of date") : nil
        let symbol = CardGlyph.symbol(icon?.words ?? Self.defaultSymbol, icon?.color ?? tint)
        island = CardIsland(body: body, symbol: symbol, tint: tint)
        let said = [notice, title, subtitle, badge?.words].compactMap { $0 } + body.spoken(at: now, calendar)
        accessibilityLabel = Sentences.joined(said)
    }

    /// Most characters of a figure in large type that fit next to a title.
    static let longFigure = 7
}

/// A symbol or a word in its color.
public struct CardMark: Hashable, Sendable {
    /// The name of an SF Symbol, or the word.
    public let words: String
    public let color: CardColor

    init?(_ mark: ContentState.Mark?, tint: CardColor) {
        guard let mark else { return nil }
        words = mark.words
        color = CardColor(mark.color, otherwise: tint)
    }
}
