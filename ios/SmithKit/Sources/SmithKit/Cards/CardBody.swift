import Foundation

/// What stands below a card's title. Each case is drawn by one view.
public enum CardBody: Hashable, Sendable {
    /// A bar. Its figure stands at the card's right, beside the title.
    case bar(CardGauge)
    /// A bar in pieces, one for each step. Its figure stands at the card's right, too.
    case segments(CardSegments)
    /// A large figure with a bar beside it.
    case numeral(CardGauge)
    /// Numbers and texts side by side. `hidden` are those that the card has no room for.
    case tiles([CardTile], hidden: Int)
    /// A timer in large type, and a bar below it if it has an end.
    case timer(CardTimer)
    /// A sentence or two.
    case message(String)
    /// A number or a text in large type.
    case large(String)
}

/// How far something has come.
public struct CardGauge: Hashable, Sendable {
    /// As `42%` or `2/3`; empty if it is not known.
    public let figure: String
    /// From 0 to 1.
    public let fraction: Double
    /// The same in words, for VoiceOver: `step 2 of 3`.
    public let spoken: String

    init(figure: String, fraction: Double, spoken: String? = nil) {
        self.figure = figure
        self.fraction = min(1, max(0, fraction))
        self.spoken = spoken ?? figure
    }

    /// Of a card that does not say how far it has come.
    static let unknown = CardGauge(figure: "", fraction: 0, spoken: String(localized: "not known"))
}

/// Steps of a workflow.
public struct CardSegments: Hashable, Sendable {
    public enum Progress: String, Hashable, Sendable {
        case done, current, open
    }

    public struct Segment: Hashable, Sendable {
        public let progress: Progress
        public let color: CardColor
    }

    public let segments: [Segment]
    /// As `2/3`.
    public let figure: String
    /// As `step 2 of 3`.
    public let spoken: String

    /// How many are done or under way, from 0 to 1.
    public var fraction: Double {
        Double(segments.count { $0.progress != .open }) / Double(max(1, segments.count))
    }
}

/// One number or text among several.
public struct CardTile: Hashable, Sendable {
    /// More characters of number and unit than these need smaller type.
    static let longFigure = 5
    /// More than these need the smallest.
    static let longerFigure = 9

    /// How large the type is that the figure has room in.
    public enum Size: Hashable, Sendable {
        case large, medium, small
    }

    public let label: String
    /// As `42`; a dash if there is no value.
    public let figure: String
    /// As it stands behind the figure, with a space where there should be one. Empty if there is none.
    public let unit: String
    public let color: CardColor
    /// The figure itself has the color, as there is no bar to have it.
    public let isColored: Bool
    /// How full the bar below it is, from 0 to 1; nil for no bar.
    public let fraction: Double?
    public let size: Size

    /// As `CPU: 42%`.
    public var spoken: String {
        label.isEmpty ? figure + unit : "\(label): \(figure)\(unit)"
    }
}

extension CardBody {
    /// The figure beside the title; nil where the body has it, or there is none.
    public var sideFigure: String? {
        switch self {
        case .bar(let gauge): gauge.figure.isEmpty ? nil : gauge.figure
        case .segments(let segments): segments.figure
        case .numeral, .tiles, .timer, .message, .large: nil
        }
    }

    /// What there is room for in the Dynamic Island; nil for nothing. A timer's is counted by the phone.
    var shortFigure: String? {
        let figure =
            switch self {
            case .bar(let gauge), .numeral(let gauge): gauge.figure
            case .segments(let segments): segments.figure
            case .tiles(let tiles, _): tiles.first.map { $0.figure + $0.unit } ?? ""
            case .large(let text): text
            case .timer, .message: ""
            }
        return figure.isEmpty ? nil : figure
    }

    /// How far it has come, from 0 to 1; nil if it goes nowhere.
    var fraction: Double? {
        switch self {
        case .bar(let gauge): gauge.figure.isEmpty ? nil : gauge.fraction
        case .numeral(let gauge): gauge.fraction
        case .segments(let segments): segments.fraction
        case .tiles, .timer, .message, .large: nil
        }
    }

    /// What VoiceOver says of it, as sentences without their ends.
    func spoken(at now: Date, _ calendar: Calendar) -> [String] {
        switch self {
        case .bar(let gauge), .numeral(let gauge): [String(localized: "Progress: \(gauge.spoken)")]
        case .segments(let segments): [String(localized: "Progress: \(segments.spoken)")]
        case .tiles(let tiles, let hidden): tiles.map(\.spoken) + (hidden > 0 ? [String(localized: "And \(hidden) more")] : [])
        case .timer(let timer): [timer.spoken(at: now, calendar)]
        case .message(let text), .large(let text): [text]
        }
    }
}
