/// Steps of a workflow.
enum SegmentedProgressCard: CardType {
    static let name = "segmented_progress"
    /// More steps than these are drawn as one bar: segments would be too thin to tell apart.
    static let mostSegments = 24

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        let steps = Steps(state)
        guard steps.total > 0 else { return .bar(.unknown) }
        let (figure, spoken) = ("\(steps.current)/\(steps.total)", String(localized: "step \(steps.current) of \(steps.total)"))
        guard steps.total <= mostSegments else {
            return .bar(CardGauge(figure: figure, fraction: steps.fraction, spoken: spoken))
        }
        let segments = (1...steps.total).map { segment($0, of: state, steps, tint) }
        return .segments(CardSegments(segments: segments, figure: figure, spoken: spoken))
    }

    private static func segment(
        _ step: Int, of state: ContentState, _ steps: Steps, _ tint: CardColor
    ) -> CardSegments.Segment {
        if step > steps.current { return .init(progress: .open, color: tint) }
        if step == steps.current {
            return .init(progress: .current, color: CardColor(state.stepColor, otherwise: tint))
        }
        let colors = state.stepColors ?? []
        let own = step <= colors.count ? colors[step - 1] : nil
        return .init(progress: .done, color: CardColor(own, otherwise: tint))
    }
}
