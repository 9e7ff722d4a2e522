extension ActivitySmithAttributes {
    /// What a Live Activity shows: the `content-state` of a push.
    ///
    /// iOS silently drops a push whose content state the app cannot decode. So this decodes every JSON object: a field
    /// of the wrong kind reads as missing, and a field, type, color or kind of button of a later server is kept. What
    /// was decoded is encoded again as it was.
    public struct ContentState: Hashable, Sendable {
        /// Which content states this decodes. The app reports it with its tokens, so that the server sends all of them.
        public static let contentVersion = 2

        /// Everything that was sent, by the server's names.
        public var fields: [String: JSONValue]

        public init(fields: [String: JSONValue]) {
            self.fields = fields
        }
    }
}

extension ContentState: Codable {
    public init(from decoder: any Decoder) throws {
        fields = try JSONObject(from: decoder).fields
    }

    public func encode(to encoder: any Encoder) throws {
        try fields.encode(to: encoder)
    }
}

extension ContentState: ExpressibleByDictionaryLiteral {
    /// Of two equal keys the last one counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(fields: Dictionary(elements) { _, last in last })
    }
}

extension ContentState {
    /// The fields that this version knows. Each has a property of its name.
    enum Field: String, CaseIterable {
        case title, subtitle, type, percentage, value, metrics, message, timer, icon, badge, color, action
        case numberOfSteps = "number_of_steps"
        case currentStep = "current_step"
        case upperLimit = "upper_limit"
        case stepColor = "step_color"
        case stepColors = "step_colors"
        case secondaryAction = "secondary_action"
    }

    /// The fields that a later server has added.
    public var unknown: [String: JSONValue] {
        fields.filter { Field(rawValue: $0.key) == nil }
    }

    private subscript(field: Field) -> JSONValue? { fields[field.rawValue] }

    /// The title; empty if there is none.
    public var title: String { self[.title]?.text ?? "" }
    public var subtitle: String? { self[.subtitle]?.words }
    /// The layout's name. `CardLayout` knows those of today.
    public var type: String { self[.type]?.text ?? "" }
    public var numberOfSteps: Int? { self[.numberOfSteps]?.wholeNumber }
    /// From 0, no step has begun, to `numberOfSteps`.
    public var currentStep: Int? { self[.currentStep]?.wholeNumber }
    /// From 0 to 100.
    public var percentage: Double? { self[.percentage]?.number }
    public var value: NumberOrText? { self[.value].flatMap(NumberOrText.init) }
    /// The end of the scale that `value` is on.
    public var upperLimit: Double? { self[.upperLimit]?.number }
    /// What to show side by side; what is no metric is left out.
    public var metrics: [Metric]? { self[.metrics]?.array?.compactMap(Metric.init) }
    public var message: String? { self[.message]?.words }
    public var timer: TimerWindow? { self[.timer].flatMap(TimerWindow.init) }
    public var icon: Mark? { self[.icon].flatMap { Mark($0, wordsAt: "symbol") } }
    public var badge: Mark? { self[.badge].flatMap { Mark($0, wordsAt: "title") } }
    public var color: String? { self[.color]?.text }
    public var stepColor: String? { self[.stepColor]?.text }
    /// The colors of the completed steps; nil for one that is no text.
    public var stepColors: [String?]? { self[.stepColors]?.array?.map(\.text) }
    public var action: Action? { self[.action].flatMap(Action.init) }
    public var secondaryAction: Action? { self[.secondaryAction].flatMap(Action.init) }
}
