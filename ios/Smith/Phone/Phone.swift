import Foundation
import Observation
import os
import SmithKit

/// This phone: paired or not, and everything that belongs to the pairing. There is one, made at launch, whether a person has
/// opened the app or iOS has woken it.
@MainActor @Observable
final class Phone {
    static let shared = Phone(store: KeychainPairingStore())

    enum Status {
        /// The phone was switched on and not unlocked yet: the keychain cannot be read, and the pairing may well be there.
        case locked
        case unpaired
        case paired(Session)
    }

    private(set) var status = Status.locked
    /// What is asked of the person: whether to pair with this server.
    var proposal: PairingProposal?
    /// What has to be said once; nil if there is nothing.
    var notice: String?
    /// Which tab is in front.
    var tab = HomeTab.inbox
    /// The notification that the inbox is to bring into view.
    var sought: String?

    private let store: any PairingStore
    private var reports = LatestReports()
    private var cards: CardWatcher?
    private var tokens: TokenWatcher?

    init(store: any PairingStore) {
        self.store = store
    }

    var session: Session? {
        if case .paired(let session) = status { session } else { nil }
    }

    var hasNotice: Bool {
        get { notice != nil }
        set { if !newValue { notice = nil } }
    }

    /// At each launch.
    func start() {
        loadPairing()
        report(.app(AppFacts.current))
        let tokens = TokenWatcher { [weak self] in self?.report($0) }
        let cards = CardWatcher { [weak self] in
            self?.report($0)
        } foundDuplicate: { [weak self] in
            await self?.catchUp()
        }
        (self.tokens, self.cards) = (tokens, cards)
        tokens.start()
        cards.start()
        Task { await catchUp() }
    }

    /// Tells the server, now or when it can be reached, and again after the next pairing: tokens belong to the phone.
    func report(_ report: Report) {
        reports.note(report)
        guard let session else { return }
        Task { await session.tell(report) }
    }

    /// Tells what has not been heard, and makes the screen equal to what the server says.
    func catchUp() async {
        loadPairing()
        guard let session else { return }
        await session.live.refresh()
    }

    func cameToFront() {
        loadPairing()
        session?.live.follow()
        Task {
            await DeliveredNotifications.clearBadge()
            await DeliveredNotifications.tidyCategories()
            await session?.inbox.refresh()
        }
    }

    func wentToBackground() {
        session?.live.stopFollowing()
    }

    func notificationArrived() async {
        await session?.inbox.refresh()
    }

    /// Apple gave out no token, as without a network. The next launch asks again.
    func noteRegistrationFailure(_ error: any Error) {
        Logger.smith.error("No push token: \(error.localizedDescription)")
        session?.health.note(registrationFailure: error)
    }
}

// MARK: Pairing

extension Phone {
    /// Pairs this phone. A pairing that it had before is ended first, as far as its server can be reached.
    ///
    /// - Throws: `DeviceAPIError`, or that the keychain refused. The phone is then as it was.
    func pair(_ proposal: PairingProposal, name: String) async throws {
        let pairing = try await PairingClient(transport: URLSessionTransport()).pair(
            with: proposal.server, code: proposal.code, name: name
        )
        if let session { await session.leave() }
        try store.save(pairing)
        begin(pairing)
    }

    /// Unpairs this phone.
    ///
    /// - Throws: `DeviceAPIError` if the server could not be told. The phone is then still paired: forgotten here alone, it
    ///   would go on there.
    func unpair() async throws {
        guard let session else { return }
        try await session.unpair()
        await forget()
    }

    /// The server does not know this phone any more: what it has brought here goes, and the person is told.
    func wasUnpaired() async {
        guard session != nil else { return }
        await forget()
        notice = String(localized: "This phone was removed from its workspace. Pair it again to receive here.")
    }

    private func forget() async {
        await session?.end()
        status = .unpaired
        do {
            try store.clear()
        } catch {
            notice = error.localizedDescription
        }
        await CardScreen.clear()
        await DeliveredNotifications.removeAll()
    }

    private func loadPairing() {
        guard session == nil else { return }
        do {
            if let pairing = try store.load() { begin(pairing) } else { status = .unpaired }
        } catch let failure as KeychainPairingStore.Failure where failure.isBeforeFirstUnlock {
            status = .locked
        } catch {
            notice = error.localizedDescription
            status = .unpaired
        }
    }

    private func begin(_ pairing: Pairing) {
        let session = Session(pairing: pairing) { [weak self] in await self?.wasUnpaired() }
        status = .paired(session)
        for report in reports.all { Task { await session.tell(report) } }
    }
}
