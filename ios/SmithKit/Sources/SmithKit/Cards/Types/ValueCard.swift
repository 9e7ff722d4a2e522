/// One large number or text.
enum ValueCard: CardType {
    static let name = "value"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        .large(Figures.text(state.value))
    }
}
