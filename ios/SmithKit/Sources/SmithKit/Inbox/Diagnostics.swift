import Foundation

/// What a person can send to who runs the server when something does not arrive. It has no secret and no token.
public struct Diagnostics: Sendable {
    /// The app's version and build, as `1.0 (1)`.
    public var app: String
    /// As `iOS 18.2`.
    public var system: String
    public var server: ServerAddress?
    public var deviceID: String?
    /// What iOS allows: `Notifications` → `allowed`.
    public var permissions: [(name: String, state: String)]
    public var reports: ReportSummary?
    /// The phone as the server knows it; nil if it could not be asked.
    public var device: Device?
    /// Problems of all parts, in any order.
    public var problems: [ProblemLog.Entry]
    public var at: Date

    public init(
        app: String, system: String, pairing: Pairing? = nil, permissions: [(name: String, state: String)] = [],
        reports: ReportSummary? = nil, device: Device? = nil, problems: [ProblemLog.Entry] = [], at: Date = Date()
    ) {
        self.app = app
        self.system = system
        server = pairing?.server
        deviceID = pairing?.deviceID
        self.permissions = permissions
        self.reports = reports
        self.device = device
        self.problems = problems
        self.at = at
    }

    /// All of it as text, a fact a line.
    public var text: String {
        var lines = ["Smith \(app), \(system), \(at.formatted(.iso8601))"]
        lines.append("Server: \(server?.description ?? "not paired")")
        if let deviceID { lines.append("Device: \(deviceID)") }
        lines += permissions.map { "\($0.name): \($0.state)" }
        if let reports { lines += Self.lines(reports) }
        if let device { lines += Self.lines(device) } else if server != nil { lines.append("The server could not be asked.") }
        let problems = (problems + (reports?.problems ?? [])).sorted { $0.at < $1.at }
        lines += problems.map { "\($0.at.formatted(.iso8601)) \($0.during): \($0.words)" }
        return lines.joined(separator: "\n")
    }

    private static func lines(_ reports: ReportSummary) -> [String] {
        [
            "Push token: \(reports.pushToken.rawValue)",
            "Push-to-start token: \(reports.pushToStartToken.rawValue)",
            "Environment: \(reports.environment?.rawValue ?? "unknown")",
            "Frequent updates: \(reports.frequentPushesEnabled.map { $0 ? "allowed" : "not allowed" } ?? "unknown")",
            "Update tokens: \(reports.updateTokensHeard) heard, \(reports.updateTokensOwed) owed",
            "Removed Live Activities: \(reports.dismissalsOwed) owed",
        ]
    }

    private static func lines(_ device: Device) -> [String] {
        func words(_ health: Device.TokenHealth) -> String {
            let reason = health.reason.map { " (\($0))" } ?? ""
            let reported = health.reportedAt.map { ", reported \($0.formatted(.iso8601))" } ?? ""
            return health.state + reason + reported
        }
        return [
            "The server calls the phone \(device.state).",
            "Push token at the server: \(words(device.pushToken))",
            "Push-to-start token at the server: \(words(device.pushToStartToken))",
        ]
    }
}
