/// One execution of a webhook button: a person tapped it, and the server calls its URL.
public struct ActionRun: Equatable, Sendable {
    public enum State: String, Sendable {
        case running, succeeded, failed
    }

    /// The run's identifier, a UUID.
    public let id: String
    public let actionID: String
    /// One that a later server has added reads as `running`: it is no outcome that this version knows.
    public let state: State
    /// HTTP status of the last answer; nil if there was none.
    public let statusCode: Int?
    /// Why it did not succeed, as a sentence; empty if there is nothing to explain.
    public let message: String

    /// Nil without an identifier. All else that is missing or wrong is left out.
    init?(_ json: JSONValue?) {
        guard let fields = json?.object, let id = fields["id"]?.words else { return nil }
        self.id = id
        actionID = fields["action_id"]?.text ?? ""
        state = fields["state"]?.text.flatMap(State.init) ?? .running
        statusCode = fields["status_code"]?.wholeNumber
        message = fields["message"]?.text ?? ""
    }
}
