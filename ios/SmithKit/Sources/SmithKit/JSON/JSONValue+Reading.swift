/// Reading without complaints: each of these is nil if the value is of another kind.
extension JSONValue {
    public var text: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The text; nil if it is empty, too.
    public var words: String? {
        text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The number, which is finite.
    public var number: Double? {
        if case .number(let value) = self, value.isFinite { value } else { nil }
    }

    /// The number without what is behind its point, kept within 32 bits, which is what the server counts with.
    public var wholeNumber: Int? {
        number.map { Int(max(Double(Int32.min), min(Double(Int32.max), $0))) }
    }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var object: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(nilLiteral: ()) { self = .null }

    /// Of two equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
