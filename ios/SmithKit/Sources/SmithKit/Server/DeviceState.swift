import Foundation

/// What the server says about a phone and its screen: the answer to `GET /api/device/state`.
public struct DeviceState: Sendable {
    /// The newest number for the icon; nil if none was set.
    public var badge: Int?
    /// Of this answer: `DeviceAPI.state(after:)` waits for another one.
    public var version: String

    public init(badge: Int?, version: String) {
        self.badge = badge
        self.version = version
    }
}
