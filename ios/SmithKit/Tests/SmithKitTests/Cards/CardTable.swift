import Foundation
import Testing

@testable import SmithKit

/// A case of `Fixtures/cards.json`: a content state, and what a card shows of it. The tests of the web admin and of the page
/// at `/phone/` read the same table.
struct CardCase: CustomTestStringConvertible, Sendable {
    let name: String
    let state: ContentState
    let card: [String: JSONValue]

    var testDescription: String { name }
}

struct CardTable: Sendable {
    let now: Date
    let cases: [CardCase]

    static let shared = Result { try CardTable() }

    private init() throws {
        let table = try #require(try fixture("cards").object)
        now = Date(timeIntervalSince1970: try #require(table["now"]?.number))
        cases = try #require(table["cases"]?.array).map { one in
            CardCase(
                name: try #require(one.object?["name"]?.text),
                state: ContentState(fields: try #require(one.object?["state"]?.object)),
                card: try #require(one.object?["card"]?.object))
        }
    }
}

extension CardLayout {
    /// The card in the words of the table.
    func inTable(at now: Date) -> [String: JSONValue] {
        [
            "title": .string(title),
            "subtitle": .string(subtitle ?? ""),
            "color": .string(tint.rawValue),
            "icon": icon.map(\.inTable) ?? .null,
            "badge": badge.map(\.inTable) ?? .null,
            "body": .object(body.inTable(at: now)),
            "buttons": .array(buttons.map { .string($0.title) }),
            "island": [
                "compact": .string(island.compactTrailing.words(at: now)),
                "minimal": .string(minimalWords(at: now)),
            ],
        ]
    }

    /// A timer is drawn in the round part however long it is: iOS counts it and makes it fit.
    private func minimalWords(at now: Date) -> String {
        let words = island.minimal.words(at: now)
        return words.count <= CardIsland.shortFigure ? words : ""
    }
}

extension CardMark {
    fileprivate var inTable: JSONValue { ["text": .string(words), "color": .string(color.rawValue)] }
}

extension CardGlyph {
    fileprivate func words(at now: Date) -> String {
        switch self {
        case .text(let text, _): text
        case .timer(let timer, _): timer.text(at: now)
        case .symbol, .ring, .nothing: ""
        }
    }
}

extension CardBody {
    fileprivate func inTable(at now: Date) -> [String: JSONValue] {
        switch self {
        case .bar(let gauge): gauge.inTable("bar")
        case .numeral(let gauge): gauge.inTable("numeral")
        case .segments(let segments):
            [
                "kind": "segments", "figure": .string(segments.figure), "spoken": .string(segments.spoken),
                "fraction": .number(segments.fraction), "pieces": .array(segments.segments.map(\.inTable)),
            ]
        case .tiles(let tiles, let hidden):
            ["kind": "tiles", "metrics": .array(tiles.map(\.inTable)), "hidden": .number(Double(hidden))]
        case .timer(let timer):
            [
                "kind": "clock", "text": .string(timer.text(at: now)),
                "fraction": timer.fraction(at: now).map(JSONValue.number) ?? .null,
            ]
        case .message(let text): ["kind": "message", "text": .string(text)]
        case .large(let text): ["kind": "value", "text": .string(text)]
        }
    }
}

extension CardGauge {
    fileprivate func inTable(_ kind: String) -> [String: JSONValue] {
        [
            "kind": .string(kind), "figure": .string(figure), "fraction": .number(fraction), "spoken": .string(spoken),
        ]
    }
}

extension CardSegments.Segment {
    fileprivate var inTable: JSONValue { ["state": .string(progress.rawValue), "color": .string(color.rawValue)] }
}

extension CardTile {
    fileprivate var inTable: JSONValue {
        [
            "label": .string(label), "figure": .string(figure), "unit": .string(unit), "color": .string(color.rawValue),
            "isColored": .bool(isColored), "fraction": fraction.map(JSONValue.number) ?? .null,
        ]
    }
}
