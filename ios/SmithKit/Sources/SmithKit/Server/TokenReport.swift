import Foundation

/// What the app reports of itself with `PUT /api/device/tokens`. What is nil is left out, and stays as the server knows it.
public struct TokenReport: Codable, Hashable, Sendable {
    public enum Environment: String, Codable, Sendable {
        /// Tokens of builds for TestFlight, the App Store, ad-hoc and enterprise distribution.
        case production
        /// Tokens of builds that Xcode has signed for development.
        case sandbox
    }

    /// From `didRegisterForRemoteNotificationsWithDeviceToken`, in hexadecimal digits.
    public var pushToken: String?
    /// From `pushToStartTokenUpdates`, in hexadecimal digits.
    public var pushToStartToken: String?
    /// Where both are from. The server requires it once.
    public var environment: Environment?
    public var bundleID: String?
    /// For example `18.2`.
    public var osVersion: String?
    /// Whether the person allows frequent updates of Live Activities.
    public var frequentPushesEnabled: Bool?
    /// Which content states the app decodes: `ContentState.contentVersion`.
    public var contentVersion: Int?

    public init(
        pushToken: String? = nil, pushToStartToken: String? = nil, environment: Environment? = nil, bundleID: String? = nil,
        osVersion: String? = nil, frequentPushesEnabled: Bool? = nil, contentVersion: Int? = nil
    ) {
        self.pushToken = pushToken
        self.pushToStartToken = pushToStartToken
        self.environment = environment
        self.bundleID = bundleID
        self.osVersion = osVersion
        self.frequentPushesEnabled = frequentPushesEnabled
        self.contentVersion = contentVersion
    }

    private enum CodingKeys: String, CodingKey {
        case environment
        case pushToken = "push_token"
        case pushToStartToken = "push_to_start_token"
        case bundleID = "bundle_id"
        case osVersion = "os_version"
        case frequentPushesEnabled = "frequent_pushes_enabled"
        case contentVersion = "content_version"
    }

    public var isEmpty: Bool { self == TokenReport() }

    /// This report, with what is nil in it as `other` has it.
    public func completed(from other: TokenReport) -> TokenReport {
        TokenReport(
            pushToken: pushToken ?? other.pushToken, pushToStartToken: pushToStartToken ?? other.pushToStartToken,
            environment: environment ?? other.environment, bundleID: bundleID ?? other.bundleID,
            osVersion: osVersion ?? other.osVersion,
            frequentPushesEnabled: frequentPushesEnabled ?? other.frequentPushesEnabled,
            contentVersion: contentVersion ?? other.contentVersion)
    }

    /// Of this report, what `other` does not have.
    func differing(from other: TokenReport) -> TokenReport {
        func news<Value: Equatable>(_ field: KeyPath<TokenReport, Value?>) -> Value? {
            self[keyPath: field] == other[keyPath: field] ? nil : self[keyPath: field]
        }
        return TokenReport(
            pushToken: news(\.pushToken), pushToStartToken: news(\.pushToStartToken), environment: news(\.environment),
            bundleID: news(\.bundleID), osVersion: news(\.osVersion), frequentPushesEnabled: news(\.frequentPushesEnabled),
            contentVersion: news(\.contentVersion))
    }

    var body: [String: JSONValue] {
        var body: [String: JSONValue] = [:]
        body["push_token"] = pushToken.map(JSONValue.string)
        body["push_to_start_token"] = pushToStartToken.map(JSONValue.string)
        body["environment"] = environment.map { .string($0.rawValue) }
        body["bundle_id"] = bundleID.map(JSONValue.string)
        body["os_version"] = osVersion.map(JSONValue.string)
        body["frequent_pushes_enabled"] = frequentPushesEnabled.map(JSONValue.bool)
        body["content_version"] = contentVersion.map { .number(Double($0)) }
        return body
    }
}

extension Data {
    /// A token of Apple's as the server takes it: hexadecimal digits, two for each byte.
    public var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
