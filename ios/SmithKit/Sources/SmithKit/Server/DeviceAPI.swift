import Foundation

/// The server's calls for a paired phone: "Phones" of docs/rest.md.
///
/// Each call throws `DeviceAPIError`, or `CancellationError` if its task was cancelled. Calls that may be repeated are, for
/// some seconds, until there is an answer: what iOS grants an app in the background is about 30 seconds.
public struct DeviceAPI: Sendable {
    public let server: ServerAddress
    private let secret: String
    private let caller: Caller

    public init(
        server: ServerAddress, secret: String, transport: any HTTPTransport, retry: RetryPolicy = RetryPolicy()
    ) {
        self.server = server
        self.secret = secret
        caller = Caller(server: server, transport: transport, retry: retry)
    }

    public init(_ pairing: Pairing, transport: any HTTPTransport, retry: RetryPolicy = RetryPolicy()) {
        self.init(server: pairing.server, secret: pairing.secret, transport: transport, retry: retry)
    }

    /// Reports tokens, and what goes with them.
    @discardableResult
    public func report(_ tokens: TokenReport) async throws -> Device {
        try read(await call(.put, ["device", "tokens"], body: tokens.body)) { Device($0["device"]) }
    }

    /// Reports the update token of a Live Activity. A refusal with 404 says that the activity is not for this phone: it is
    /// to be ended.
    public func report(updateToken token: String, ofActivity activityID: String) async throws {
        _ = try await call(.put, ["device", "live-activities", activityID, "token"], body: ["token": .string(token)])
    }

    /// Reports that the person has removed a Live Activity.
    public func reportDismissal(ofActivity activityID: String) async throws {
        _ = try await call(.post, ["device", "live-activities", activityID, "dismissed"])
    }

    /// What should be on the screen now.
    ///
    /// - Parameters:
    ///   - version: that of an earlier answer. The call then waits until something differs, or for `waitSeconds`; it may
    ///     also come back earlier with the same version.
    ///   - waitSeconds: 0 to 25.
    public func state(after version: String? = nil, waitSeconds: Int = 0) async throws -> DeviceState {
        let path = ["device", "state"]
        guard let version, waitSeconds > 0 else { return try read(await call(.get, path), DeviceState.init(fields:)) }
        let wait = min(waitSeconds, 25)
        let answer = try await call(
            .get, path, query: ["after": version, "wait_seconds": String(wait)], timeout: TimeInterval(wait) + 15)
        return try read(answer, DeviceState.init(fields:))
    }

    /// Notifications that were sent to this phone, newest first.
    ///
    /// - Parameters:
    ///   - token: `nextPageToken` of the page before; nil for the first.
    ///   - size: 1 to 100.
    public func notifications(pageToken token: String? = nil, pageSize size: Int = 30) async throws -> NotificationPage {
        let path = ["device", "notifications"]
        let size = String(min(max(size, 1), 100))
        let answer =
            if let token {
                try await call(.get, path, query: ["page_size": size, "page_token": token])
            } else {
                try await call(.get, path, query: ["page_size": size])
            }
        return try read(answer, NotificationPage.init(fields:))
    }

    /// Sends a test notification to this phone.
    public func sendTestNotification() async throws -> TestNotification {
        let answer = try await call(.post, ["device", "test-push-notification"], repeatable: .ifRefused)
        return try read(answer, TestNotification.init(fields:))
    }

    /// Has the server call the webhook of a button. The answer waits some seconds for the outcome; `ActionRunner` waits
    /// longer. A second tap gets the first one's run.
    public func run(actionID: String) async throws -> ActionRun {
        try read(await call(.post, ["device", "actions", actionID, "run"])) { ActionRun($0["action_run"]) }
    }

    /// What became of a run that this phone began.
    public func actionRun(id: String) async throws -> ActionRun {
        try read(await call(.get, ["device", "action-runs", id])) { ActionRun($0["action_run"]) }
    }

    /// What widgets show: all metrics of the account.
    public func metrics() async throws -> [Metric] {
        try read(await call(.get, ["device", "metrics"])) { $0["metrics"]?.array?.compactMap(Metric.init) }
    }

    /// Unpairs this phone. Its secret is refused from now on. Succeeds if the server does not know it any more.
    public func unpair() async throws {
        do {
            _ = try await call(.delete, ["device"])
        } catch DeviceAPIError.unpaired {
            return
        }
    }

    private func call(
        _ method: HTTPRequest.Method, _ path: [String], query: KeyValuePairs<String, String> = [:],
        body: [String: JSONValue]? = nil, timeout: TimeInterval = 30, repeatable: Caller.Repeatable = .always
    ) async throws -> [String: JSONValue] {
        try await caller.call(
            method, path, query: query, body: body, secret: secret, timeout: timeout, repeatable: repeatable)
    }

    private func read<Value>(
        _ fields: [String: JSONValue], _ value: ([String: JSONValue]) -> Value?
    ) throws -> Value {
        guard let value = value(fields) else { throw DeviceAPIError.unreadable(from: server) }
        return value
    }
}
