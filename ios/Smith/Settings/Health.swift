import Foundation
import Observation
import SmithKit

/// Whether pushes can reach this phone: what the server knows of it, and what it has not heard yet.
@MainActor @Observable
final class Health {
    private(set) var device: Device?
    private(set) var reports: ReportSummary?
    /// Why this may be out of date; nil if it is not.
    private(set) var fault: String?
    private let pairing: Pairing
    private let api: DeviceAPI
    private let reporter: Reporter
    private let failures: CallFailures
    private var problems = ProblemLog()

    init(pairing: Pairing, api: DeviceAPI, reporter: Reporter, failures: CallFailures) {
        self.pairing = pairing
        self.api = api
        self.reporter = reporter
        self.failures = failures
    }

    func refresh() async {
        await reporter.settle()
        reports = await reporter.summary
        do {
            device = try await api.state().device
            fault = nil
        } catch {
            note(error, during: "asking the server about this phone")
            fault = await failures.words(for: error) ?? fault
        }
    }

    func note(_ error: any Error, during: String) {
        problems.note(error, during: during)
    }

    /// When a push last arrived; nil if none has.
    var lastPush: Date? {
        let seconds = AppGroup.defaults.double(forKey: "last_push_at")
        return seconds > 0 ? Date(timeIntervalSince1970: seconds) : nil
    }

    /// What a person can send to who runs the server.
    func diagnostics(_ permissions: Permissions) -> String {
        let info = Bundle.main.infoDictionary ?? [:]
        let version = info["CFBundleShortVersionString"] as? String ?? "?"
        let build = info["CFBundleVersion"] as? String ?? "?"
        return Diagnostics(
            app: "\(version) (\(build))", system: "iOS \(TokenReport.ofThisApp.osVersion ?? "?")", pairing: pairing,
            permissions: permissions.listed, reports: reports, device: device, problems: problems.entries
        ).text
    }
}
