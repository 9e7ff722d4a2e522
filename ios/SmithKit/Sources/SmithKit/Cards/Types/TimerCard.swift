/// A timer that runs by itself; or, with steps, the legacy type of this name.
enum TimerCard: CardType {
    static let name = "timer"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        if state.currentStep != nil {
            let steps = Steps(state)
            let figure = "\(steps.current)/\(steps.total)"
            return .numeral(CardGauge(figure: figure, fraction: steps.fraction, spoken: steps.spoken))
        }
        return state.timer.map { .timer(CardTimer($0)) } ?? .large("–:––")
    }
}
