import Foundation
import SmithKit

/// Everything that belongs to one pairing, and ends with it.
@MainActor
final class Session {
    let pairing: Pairing
    let reporter: Reporter
    let inbox: Inbox
    let live: LiveState
    let health: Health
    let test: TestPush
    private let api: DeviceAPI
    private let failures: CallFailures

    init(pairing: Pairing, phone: Phone, transport: any HTTPTransport, reports: any ReportStore) {
        let api = DeviceAPI(pairing, transport: transport)
        let failures = CallFailures { [weak phone] in await phone?.wasUnpaired(pairing) }
        let reporter = Reporter(pairing: pairing, transport: transport, store: reports) { event in
            switch event {
            case .unpaired: await failures.unpaired()
            case .foreignActivity(let id): await CardScreen.remove(activityID: id)
            }
        }
        (self.pairing, self.api, self.failures, self.reporter) = (pairing, api, failures, reporter)
        inbox = Inbox(api: api, failures: failures)
        live = LiveState(api: api, reporter: reporter, failures: failures)
        health = Health(pairing: pairing, api: api, reporter: reporter, failures: failures)
        test = TestPush(api: api, failures: failures)
    }

    /// Tells everything once more, as the server may have lost it: at each launch, and after pairing.
    func start(with tokens: TokenReport) async {
        let cards = Card.all.filter(\.isRunning)
        await reporter.launched(showing: Set(cards.map(\.activityID)))
        await reporter.report(tokens)
        for card in cards {
            guard let token = card.token else { continue }
            await reporter.report(updateToken: token, ofActivity: card.activityID)
        }
    }

    /// Nothing more is asked or told.
    func end() async {
        live.stopFollowing()
        await reporter.stop()
    }

    /// Runs a webhook button, and says what came of it.
    func run(actionID: String) async -> Attempt {
        do {
            let run = try await ActionRunner(api).run(actionID: actionID)
            return run.state == .failed ? .failed(run.words) : .succeeded(run.words)
        } catch {
            return await failures.words(for: error).map(Attempt.failed) ?? .idle
        }
    }
}
