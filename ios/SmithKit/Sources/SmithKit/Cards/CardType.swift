/// A type of card: what it draws of a content state. What is missing or wrong in the state is left out.
protocol CardType {
    /// The server's name of the type.
    static var name: String { get }
    /// `tint` is the card's color.
    static func body(of state: ContentState, tint: CardColor) -> CardBody
}

/// The types that this version knows. A new one is a file in `Types` and a line here.
enum CardTypes {
    static let all: [any CardType.Type] = [
        AlertCard.self,
        CountdownCard.self,
        CounterCard.self,
        MetricsCard.self,
        ProgressCard.self,
        SegmentedProgressCard.self,
        StatsCard.self,
        TimerCard.self,
        ValueCard.self,
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    static func named(_ name: String) -> (any CardType.Type)? { byName[name] }

    /// The type that draws the fields of a state whose own type is not known.
    static func fitting(_ state: ContentState) -> any CardType.Type {
        if state.metrics != nil { return MetricsCard.self }
        if state.timer != nil { return TimerCard.self }
        if state.numberOfSteps != nil { return SegmentedProgressCard.self }
        if state.percentage != nil || state.upperLimit != nil { return ProgressCard.self }
        return state.message != nil ? AlertCard.self : ValueCard.self
    }
}
