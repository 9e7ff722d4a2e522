/// A Live Activity of this server. The name is what each push that starts one carries as `attributes-type`.
public struct ActivitySmithAttributes: Codable, Hashable, Sendable {
    /// The activity's identifier on the server.
    public var activityID: String

    public init(activityID: String) {
        self.activityID = activityID
    }

    private enum CodingKeys: String, CodingKey {
        case activityID = "activity_id"
    }
}

public typealias ContentState = ActivitySmithAttributes.ContentState

// A Mac may know the module, and has no Live Activities of its own.
#if canImport(ActivityKit) && !os(macOS)
    import ActivityKit

    extension ActivitySmithAttributes: ActivityAttributes {}
#endif
