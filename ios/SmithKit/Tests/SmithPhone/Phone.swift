import Foundation
import SmithKit

/// What the app does with the kit, command by command.
actor Phone {
    struct UnknownCommand: Error {
        let name: String
    }

    private let folder: URL
    private let pairings: FilePairingStore
    private let transport = URLSessionTransport()
    private var reporter: Reporter?
    private var events: [JSONValue] = []

    init(folder: URL) {
        self.folder = folder
        pairings = FilePairingStore(file: folder.appending(path: "pairing.json"))
    }

    func obey(_ command: [String: JSONValue]) async throws -> JSONValue {
        switch command.text("do") {
        case "pair": try await pair(command)
        case "unpair": try await unpair()
        case "launched", "tokens", "updateToken", "dismissed", "settle": try await report(command)
        case "events": .array(takeEvents())
        case "state": describe(try await api().state(after: command["after"]?.text, waitSeconds: command["wait"]?.wholeNumber ?? 0))
        case "catchUp": try await catchUp(command)
        case "push": describe(PushPayload(fields: command["push"]?.object ?? [:]))
        case "activityPush": describe(ActivityPush(fields: command["push"]?.object ?? [:]))
        case "inbox": describe(try await api().notifications(pageToken: command["page"]?.text, pageSize: command["size"]?.wholeNumber ?? 30))
        case "tap": describe(TapOutcome(actionIdentifier: command.text("action"), content: PushPayload(fields: command["push"]?.object ?? [:]).content))
        case "run": describe(try await ActionRunner(try api()).run(actionID: command.text("action")))
        case "test": describe(try await api().sendTestNotification())
        case "metrics": describe(await metrics().refreshed())
        case "diagnostics": try await diagnostics()
        case let name: throw UnknownCommand(name: name)
        }
    }

    private func api() throws -> DeviceAPI {
        guard let pairing = try pairings.load() else { throw DeviceAPIError.unpaired }
        return DeviceAPI(pairing, transport: transport)
    }

    private func pair(_ command: [String: JSONValue]) async throws -> JSONValue {
        let link = try PairingLink(text: command.text("link"))
        let pairer = Pairer(store: pairings, transport: transport)
        let pairing = try await pairer.pair(server: link.server, code: link.code, name: command.text("name"))
        await reporter?.stop()
        reporter = nil
        return ["device_id": .string(pairing.deviceID), "server": .string(pairing.server.description)]
    }

    private func unpair() async throws -> JSONValue {
        try await Pairer(store: pairings, transport: transport).unpair()
        await reporter?.stop()
        reporter = nil
        return .null
    }

    private func report(_ command: [String: JSONValue]) async throws -> JSONValue {
        let reporter = try currentReporter()
        let activity = command.text("activity")
        switch command.text("do") {
        case "launched": await reporter.launched(showing: Set(command["showing"]?.array?.compactMap(\.text) ?? []))
        case "tokens": await reporter.report(try tokens(command["tokens"]))
        case "updateToken": await reporter.report(updateToken: command.text("token"), ofActivity: activity)
        case "dismissed": await reporter.reportDismissal(ofActivity: activity)
        default: await reporter.settle()
        }
        return describe(await reporter.summary)
    }

    private func currentReporter() throws -> Reporter {
        if let reporter { return reporter }
        guard let pairing = try pairings.load() else { throw DeviceAPIError.unpaired }
        let store = FileReportStore(file: folder.appending(path: "reports.json"))
        let made = Reporter(pairing: pairing, transport: transport, store: store) { [weak self] event in await self?.note(event) }
        reporter = made
        return made
    }

    private func note(_ event: Reporter.Event) {
        switch event {
        case .unpaired: events.append("unpaired")
        case .foreignActivity(let id): events.append(.string("foreign " + id))
        }
    }

    private func takeEvents() -> [JSONValue] {
        defer { events = [] }
        return events
    }

    private func tokens(_ json: JSONValue?) throws -> TokenReport {
        try JSONDecoder().decode(TokenReport.self, from: JSONEncoder().encode(json ?? [:]))
    }

    private func catchUp(_ command: [String: JSONValue]) async throws -> JSONValue {
        let cards = (command["screen"]?.array ?? []).compactMap(\.object).map { one in
            CatchUp.Card(
                cardID: one.text("card"), activityID: one.text("activity"), isEnded: one["ended"]?.bool ?? false,
                timestamp: one["timestamp"]?.number.map(Date.init(timeIntervalSince1970:)))
        }
        let now = Date(timeIntervalSinceNow: command["later"]?.number ?? 0)
        let plan = CatchUp.plan(
            answer: try await api().state(), onScreen: cards, dismissed: await reporter?.dismissedActivities ?? [], now: now)
        return .array(plan.map(describe))
    }

    private func metrics() -> MetricBoard {
        MetricBoard(pairings: pairings, transport: transport, file: folder.appending(path: "metrics.json"))
    }

    private func diagnostics() async throws -> JSONValue {
        let device = try await api().state().device
        return .string(
            Diagnostics(
                app: "test", system: "Linux", pairing: try pairings.load(), reports: await reporter?.summary, device: device
            ).text)
    }
}

/// In the app this is the keychain.
struct FilePairingStore: PairingStore {
    let file: URL

    func load() throws -> Pairing? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try JSONDecoder().decode(Pairing.self, from: Data(contentsOf: file))
    }

    func save(_ pairing: Pairing) throws { try JSONEncoder().encode(pairing).write(to: file, options: .atomic) }

    func delete() throws {
        if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
    }
}

extension [String: JSONValue] {
    /// Empty if there is none.
    func text(_ name: String) -> String { self[name]?.text ?? "" }
}
