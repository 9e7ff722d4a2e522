/// Counts steps down. Legacy.
enum CountdownCard: CardType {
    static let name = "countdown"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        let steps = Steps(state)
        let left = max(0, steps.total - steps.current)
        let spoken = String(localized: "\(left) left of \(steps.total)")
        return .numeral(CardGauge(figure: "\(left)", fraction: 1 - steps.fraction, spoken: spoken))
    }
}
