import Foundation

/// A server for previews, without a network: it answers a phone's calls with samples, and keeps nothing.
public struct SampleServer: HTTPTransport {
    public init() {}

    /// What a phone keeps that is paired with it; nil never happens, as its address is one.
    public static var pairing: Pairing? {
        ServerAddress("https://push.example.com").map { Pairing(server: $0, deviceID: "d1", secret: "dev_sample") }
    }

    public static var metrics: [Metric] { listedMetrics.compactMap(Metric.init) }

    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let answer: [String: JSONValue] =
            switch request.url.lastPathComponent {
            case "state": Self.state(version: "1")
            case "notifications": ["notifications": .array(Self.notifications)]
            case "metrics": ["metrics": .array(Self.listedMetrics)]
            case "tokens": ["device": Self.device]
            case "test-push-notification": ["sent": ["notification_id": "n9", "devices_notified": 1]]
            case "run": ["action_run": ["id": "r1", "action_id": "a1", "state": "succeeded"]]
            default: [:]
            }
        return HTTPResponse(status: 200, body: try JSONEncoder().encode(answer))
    }

    /// The activities are about to start: what is active, an app would start by itself.
    private static func state(version: String) -> [String: JSONValue] {
        let activities = SampleCards.all.enumerated().map { place, state -> JSONValue in
            ["activity_id": .string("a\(place)"), "phase": "starting", "content_state": .object(state.fields), "timestamp": 1]
        }
        return ["live_activities": .array(activities), "badge": 2, "version": .string(version), "device": device]
    }

    private static let device: JSONValue = [
        "id": "d1", "name": "Ada’s iPhone", "state": "ready", "environment": "production", "os_version": "18.2",
        "push_token_state": "active", "push_to_start_token_state": "dead", "push_to_start_token_reason": "Unregistered",
    ]

    private static var notifications: [JSONValue] {
        func minutesAgo(_ minutes: Double) -> JSONValue { .string(Date(timeIntervalSinceNow: -minutes * 60).formatted(.iso8601)) }
        return [
            [
                "id": "n3", "title": "Deploy finished", "subtitle": "api", "message": "v1.42.0 is live on all three machines.",
                "created_at": minutesAgo(2), "replaced_at": minutesAgo(1), "version": 2, "redirection": "https://example.com/deploys/42",
            ],
            [
                "id": "n2", "title": "Disk almost full", "message": "db-1 has 6 % left.", "created_at": minutesAgo(55),
                "actions": [
                    ["id": "a1", "title": "Delete old logs", "type": "webhook"],
                    ["id": "a2", "title": "Graphs", "type": "open_url", "url": "https://example.com/graphs"],
                ],
            ],
            ["id": "n1", "title": "Good morning", "created_at": minutesAgo(600)],
        ]
    }

    private static let listedMetrics: [JSONValue] = [
        ["key": "revenue", "label": "Revenue today", "format": "currency", "currency_code": "EUR", "latest_value": 4210.5],
        ["key": "uptime", "label": "Uptime", "format": "percent", "latest_value": 99.98],
        ["key": "state", "label": "Fleet", "format": "string", "latest_value": "all good"],
    ]
}
