import AppIntents
import SmithKit

/// What a person sets when they edit the widget.
struct ChooseMetric: WidgetConfigurationIntent {
    static let title: LocalizedStringResource = "Metric"
    static var description: IntentDescription { IntentDescription("Chooses the metric that the widget shows.") }

    @Parameter(title: "Metric")
    var metric: MetricEntity?
}

/// A metric as people choose it. The key stays with it if the server is away.
struct MetricEntity: AppEntity {
    static var typeDisplayRepresentation: TypeDisplayRepresentation { TypeDisplayRepresentation(name: "Metric") }
    static let defaultQuery = MetricQuery()

    let id: String
    let label: String

    var displayRepresentation: DisplayRepresentation { DisplayRepresentation(title: "\(label)") }
}

struct MetricQuery: EntityQuery {
    /// Those with these keys. One that is gone from the server stays by its key: the widget then says that it has no value.
    func entities(for identifiers: [String]) async throws -> [MetricEntity] {
        let known = await MetricBoard.ofThisPhone.refreshed().metrics
        return identifiers.map { key in
            MetricEntity(id: key, label: known.first { $0.key == key }?.label ?? key)
        }
    }

    func suggestedEntities() async throws -> [MetricEntity] {
        await MetricBoard.ofThisPhone.refreshed().metrics.map { MetricEntity(id: $0.key, label: $0.label) }
    }
}
