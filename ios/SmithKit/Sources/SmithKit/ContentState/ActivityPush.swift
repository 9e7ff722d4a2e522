import Foundation

/// A push for a Live Activity. On a phone iOS reads it; the app sees the content state only. This is for tests, and for
/// tools that look at what was sent.
public struct ActivityPush: Hashable, Sendable {
    public enum Event: String, Hashable, Sendable {
        case start, update, end
    }

    public let event: Event
    /// UNIX seconds. iOS applies no push whose timestamp is not later than that of the last one.
    public let timestamp: Int
    /// Nil in an end without one.
    public let contentState: ContentState?
    /// Of a start: the activity, and the name of its type.
    public let attributes: ActivitySmithAttributes?
    public let attributesType: String?
    public let alert: [String: JSONValue]?
    public let staleDate: Date?
    public let dismissalDate: Date?
    public let relevanceScore: Double?

    /// Nil if iOS or the app could not use it.
    ///
    /// - Parameter fields: the push's JSON object.
    public init?(fields: [String: JSONValue]) {
        guard let aps = fields["aps"]?.object, let event = aps["event"]?.text.flatMap(Event.init),
            let timestamp = aps["timestamp"]?.wholeSeconds
        else { return nil }
        self.event = event
        self.timestamp = timestamp
        contentState = aps["content-state"]?.object.map(ContentState.init)
        attributes = aps["attributes"]?.object?["activity_id"]?.words.map(ActivitySmithAttributes.init)
        attributesType = aps["attributes-type"]?.words
        alert = aps["alert"]?.object
        staleDate = aps["stale-date"]?.number.map(Date.init(timeIntervalSince1970:))
        dismissalDate = aps["dismissal-date"]?.number.map(Date.init(timeIntervalSince1970:))
        relevanceScore = aps["relevance-score"]?.number
        if contentState == nil, event != .end { return nil }
        if event == .start, attributes == nil || attributesType == nil { return nil }
    }
}

extension JSONValue {
    fileprivate var wholeSeconds: Int? { number.flatMap(Int.init(exactly:)) }
}
