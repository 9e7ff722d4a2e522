import Foundation

/// A Live Activity in the Dynamic Island.
public struct CardIsland: Hashable, Sendable {
    /// Left of the camera.
    public let compactLeading: CardGlyph
    /// Right of it.
    public let compactTrailing: CardGlyph
    /// The round part that is left of it beside another app's activity.
    public let minimal: CardGlyph
    /// What a long press shows: `leading` and `trailing` beside the camera, and the rest of the card below it.
    public let expanded: Expanded

    public struct Expanded: Hashable, Sendable {
        public let leading: CardGlyph
        public let trailing: CardGlyph
    }
}

/// One small part of the Dynamic Island.
public enum CardGlyph: Hashable, Sendable {
    /// The name of an SF Symbol. If iOS has none of this name, `CardLayout.defaultSymbol` takes its place.
    case symbol(String, CardColor)
    case text(String, CardColor)
    /// Counted by the phone.
    case timer(CardTimer, CardColor)
    /// A ring that is full to this part, from 0 to 1.
    case ring(Double, CardColor)
    case nothing
}

extension CardIsland {
    /// Most characters for which the round part has room.
    static let shortFigure = 4

    init(body: CardBody, symbol: CardGlyph, tint: CardColor) {
        let figure: CardGlyph
        if case .timer(let timer) = body {
            figure = .timer(timer, tint)
        } else {
            figure = body.shortFigure.map { .text($0, tint) } ?? .nothing
        }
        compactLeading = symbol
        compactTrailing = figure
        minimal = Self.minimal(figure, body: body, symbol: symbol, tint: tint)
        expanded = Expanded(leading: symbol, trailing: body.sideFigure.map { .text($0, tint) } ?? .nothing)
    }

    private static func minimal(_ figure: CardGlyph, body: CardBody, symbol: CardGlyph, tint: CardColor) -> CardGlyph {
        switch figure {
        case .text(let text, _) where text.count > shortFigure: body.fraction.map { .ring($0, tint) } ?? symbol
        case .nothing: symbol
        default: figure
        }
    }
}
