import Foundation

extension JSONValue {
    /// A time of the REST API: ISO 8601 with or without a fraction of a second.
    var moment: Date? {
        guard let text else { return nil }
        let withFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (try? Date(text, strategy: withFraction)) ?? (try? Date(text, strategy: .iso8601))
    }
}
