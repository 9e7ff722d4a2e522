/// Numbers and texts side by side, without bars.
enum StatsCard: CardType {
    static let name = "stats"

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        MetricsCard.tiles(of: state, tint: tint, haveBars: false)
    }
}
