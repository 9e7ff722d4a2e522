import Foundation

/// A value that widgets show.
public struct Metric: Equatable, Sendable, Identifiable {
    /// What backends call it. An account has one of each.
    public let key: String
    /// What people call it.
    public let label: String
    /// How its value is written: `number`, `currency`, `percent`, `unit` or `string`; a later server may have others.
    public let format: String
    /// A code of ISO 4217 such as `EUR`. With the format `currency`.
    public let currencyCode: String?
    /// Such as `ms`. With the format `unit`.
    public let unit: String?
    /// Whether there is a space between value and unit.
    public let isUnitApart: Bool
    /// Nil before the first.
    public let value: ContentState.NumberOrText?
    /// When the value was measured. Nil before the first.
    public let measuredAt: Date?

    public var id: String { key }

    /// Nil without a key. All else that is missing or wrong is left out.
    init?(_ json: JSONValue) {
        guard let fields = json.object, let key = fields["key"]?.words else { return nil }
        self.key = key
        label = fields["label"]?.words ?? key
        format = fields["format"]?.text ?? "number"
        currencyCode = fields["currency_code"]?.words
        unit = fields["unit"]?.words
        isUnitApart = fields["unit_spacing"]?.text == "space"
        value = fields["latest_value"].flatMap { ContentState.NumberOrText($0) }
        measuredAt = fields["latest_value_at"]?.moment
    }
}

extension Metric {
    /// As the server writes it, for keeping.
    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "key": .string(key), "label": .string(label), "format": .string(format),
            "unit_spacing": isUnitApart ? "space" : "none",
        ]
        fields["currency_code"] = currencyCode.map(JSONValue.string)
        fields["unit"] = unit.map(JSONValue.string)
        let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        fields["latest_value_at"] = measuredAt.map { .string($0.formatted(withFraction)) }
        switch value {
        case .number(let number): fields["latest_value"] = .number(number)
        case .text(let text): fields["latest_value"] = .string(text)
        case nil: break
        }
        return .object(fields)
    }
}
