/// Counts steps up. Legacy.
enum CounterCard: CardType {
    static let name = "counter"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        let steps = Steps(state)
        return .numeral(CardGauge(figure: "\(steps.current)", fraction: steps.fraction, spoken: steps.spoken))
    }
}
