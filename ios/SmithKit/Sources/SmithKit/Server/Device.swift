import Foundation

/// The phone as the server knows it.
public struct Device: Equatable, Sendable {
    /// What the server knows of one of the phone's tokens.
    public struct TokenHealth: Equatable, Sendable {
        /// `active`, `missing` or `dead`; a later server may have others.
        public let state: String
        /// Why Apple refused it, for example `Unregistered`. Only with `dead`.
        public let reason: String?
        /// When the app last reported it.
        public let reportedAt: Date?
    }

    /// The device's identifier on the server, a UUID.
    public let id: String
    public let name: String
    /// Whether the server can reach it: `ready`, `waiting` or `dead`; a later server may have others.
    public let state: String
    /// Which of Apple's environments its tokens are from: `production` or `sandbox`. Nil before it has reported any.
    public let environment: String?
    public let bundleID: String?
    public let osVersion: String?
    /// Of the token for notifications.
    public let pushToken: TokenHealth
    /// Of the token that Live Activities are started with.
    public let pushToStartToken: TokenHealth
    public let pairedAt: Date?
    /// When it last called, to the minute.
    public let lastSeenAt: Date?

    /// Nil without an identifier. All else that is missing or wrong is left out.
    init?(_ json: JSONValue?) {
        guard let fields = json?.object, let id = fields["id"]?.words else { return nil }
        self.id = id
        name = fields["name"]?.text ?? ""
        state = fields["state"]?.text ?? ""
        environment = fields["environment"]?.words
        bundleID = fields["bundle_id"]?.words
        osVersion = fields["os_version"]?.words
        pushToken = TokenHealth(fields, "push_token")
        pushToStartToken = TokenHealth(fields, "push_to_start_token")
        pairedAt = fields["created_at"]?.moment
        lastSeenAt = fields["last_seen_at"]?.moment
    }
}

extension Device.TokenHealth {
    fileprivate init(_ fields: [String: JSONValue], _ name: String) {
        state = fields[name + "_state"]?.words ?? "missing"
        reason = fields[name + "_reason"]?.words
        reportedAt = fields[name + "_registered_at"]?.moment
    }
}
