/// A few numbers or texts. A number up to 100 has a bar.
enum MetricsCard: CardType {
    static let name = "metrics"
    /// As many as a card has room for; the server takes more.
    static let most = 8

    static func body(of state: ContentState, tint: CardColor) -> CardBody {
        tiles(of: state, tint: tint, haveBars: true)
    }

    static func tiles(of state: ContentState, tint: CardColor, haveBars: Bool) -> CardBody {
        let metrics = state.metrics ?? []
        let tiles = metrics.prefix(most).map { tile(of: $0, tint: tint, hasBar: haveBars) }
        return .tiles(tiles, hidden: metrics.count - tiles.count)
    }

    private static func tile(of metric: ContentState.Metric, tint: CardColor, hasBar: Bool) -> CardTile {
        let written = Figures.text(metric.value)
        let figure = written.isEmpty ? "–" : written
        let percent = metric.value?.number.flatMap { hasBar && $0 <= 100 ? $0 : nil }
        let length = figure.count + (metric.unit ?? "").count
        return CardTile(
            label: metric.label,
            figure: figure,
            unit: Figures.unit(metric.unit),
            color: CardColor(metric.color, otherwise: tint),
            isColored: percent == nil && metric.color.flatMap(CardColor.init(rawValue:)) != nil,
            fraction: percent.map { min(1, max(0, $0 / 100)) },
            size: length > CardTile.longerFigure ? .small : length > CardTile.longFigure ? .medium : .large)
    }
}
