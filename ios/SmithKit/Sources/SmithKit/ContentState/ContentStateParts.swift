extension ContentState {
    /// A number or a text, shown as it was sent.
    public enum NumberOrText: Hashable, Sendable {
        case number(Double)
        case text(String)

        init?(_ json: JSONValue) {
            if let number = json.number {
                self = .number(number)
            } else if let text = json.text {
                self = .text(text)
            } else {
                return nil
            }
        }

        public var number: Double? {
            if case .number(let number) = self { number } else { nil }
        }
    }

    /// One number or text among several. What is missing in it is left out.
    public struct Metric: Hashable, Sendable {
        /// Its name; empty if it has none.
        public let label: String
        public let value: NumberOrText?
        public let unit: String?
        public let color: String?

        init?(_ json: JSONValue) {
            guard let fields = json.object else { return nil }
            label = fields["label"]?.text ?? ""
            value = fields["value"].flatMap(NumberOrText.init)
            unit = fields["unit"]?.text
            color = fields["color"]?.text
        }
    }

    /// A symbol or a word with a color of its own.
    public struct Mark: Hashable, Sendable {
        /// The name of an SF Symbol, or the word.
        public let words: String
        public let color: String?

        init?(_ json: JSONValue, wordsAt key: String) {
            guard let words = json.object?[key]?.words else { return nil }
            self.words = words
            color = json.object?["color"]?.text
        }
    }

    /// When a timer runs, in UNIX seconds.
    public struct TimerWindow: Hashable, Sendable {
        public let countsDown: Bool
        public let startsAt: Double
        /// Nil for a timer that counts up without an end.
        public let endsAt: Double?
        /// While this is there, the timer shows what it showed then.
        public let pausedAt: Double?

        init?(_ json: JSONValue) {
            guard let fields = json.object, let startsAt = fields["starts_at"]?.number else { return nil }
            self.startsAt = startsAt
            endsAt = fields["ends_at"]?.number
            pausedAt = fields["paused_at"]?.number
            countsDown = fields["counts_down"]?.bool == true && endsAt != nil
        }
    }
}
