/// A message.
enum AlertCard: CardType {
    static let name = "alert"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        .message(state.message ?? "")
    }
}
