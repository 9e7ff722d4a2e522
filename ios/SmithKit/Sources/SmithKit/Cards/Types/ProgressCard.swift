/// Continuous progress: a percentage, or a value on a scale of its own.
enum ProgressCard: CardType {
    static let name = "progress"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        if let percentage = state.percentage {
            return .bar(CardGauge(figure: Figures.text(percentage) + "%", fraction: percentage / 100))
        }
        if let value = state.value?.number, let limit = state.upperLimit, limit > 0 {
            return .bar(CardGauge(figure: "\(Figures.text(value))/\(Figures.text(limit))", fraction: value / limit))
        }
        return .bar(.unknown)
    }
}
