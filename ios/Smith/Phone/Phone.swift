import Foundation
import Observation
import os
import SmithKit
import WidgetKit

/// This phone: paired or not, and everything that belongs to the pairing. There is one, made at launch, whether a person has
/// opened the app or iOS has woken it.
@MainActor @Observable
final class Phone {
    static let shared = Phone(
        pairings: KeychainPairingStore(), transport: URLSessionTransport(),
        reports: FileReportStore(file: AppGroup.folder.appending(component: "reports.json"))
    )

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

    /// The phone is leaving its server by itself: that the server then refuses it is no news.
    private var isLeaving = false
    private let pairings: any PairingStore
    private let transport: any HTTPTransport
    private let reports: any ReportStore
    private let pairer: Pairer
    /// Tokens are the phone's own: each pairing hears all of them.
    private var tokens = TokenReport.ofThisApp
    private var tokenWatcher: TokenWatcher?
    private var cardWatcher: CardWatcher?

    init(pairings: any PairingStore, transport: any HTTPTransport, reports: any ReportStore) {
        self.pairings = pairings
        self.transport = transport
        self.reports = reports
        pairer = Pairer(store: pairings, transport: transport)
    }

    var session: Session? {
        if case .paired(let session) = status { session } else { nil }
    }

    var hasNotice: Bool {
        get { notice != nil }
        set { if !newValue { notice = nil } }
    }

    /// Once, at launch.
    func start() {
        loadPairing()
        let tokenWatcher = TokenWatcher { [weak self] in self?.report($0) }
        let cardWatcher = CardWatcher(phone: self)
        (self.tokenWatcher, self.cardWatcher) = (tokenWatcher, cardWatcher)
        tokenWatcher.start()
        cardWatcher.start()
        Task { await catchUp() }
    }

    /// Tells the server, now or when it can be reached.
    func report(_ news: TokenReport) {
        tokens = news.completed(from: tokens)
        guard let session else { return }
        // All of them, as they are when it is told: tasks may overtake each other, and the newest has to come last.
        Task { await BackgroundTime.whileDoing("tokens") { await session.reporter.report(tokens) } }
    }

    /// Tells what has not been heard, and makes the screen equal to what the server says.
    func catchUp() async {
        loadPairing()
        guard let session else { return }
        await BackgroundTime.whileDoing("catching up") { await session.live.refresh() }
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
        Logger.smith.error("No push token: \(error.localizedDescription, privacy: .public)")
        session?.health.note(error, during: "asking Apple for a push token")
    }
}

// MARK: Pairing

extension Phone {
    /// Pairs this phone. A pairing that it had before is ended.
    ///
    /// - Throws: `DeviceAPIError`, or that the keychain refused. The phone is then as it was.
    func pair(_ proposal: PairingProposal, name: String) async throws {
        isLeaving = true
        defer { isLeaving = false }
        let pairing = try await pairer.pair(server: proposal.server, code: proposal.code, name: name)
        if let session { await clean(after: session) }
        begin(pairing)
        session?.live.follow()
    }

    /// Unpairs this phone.
    ///
    /// - Throws: `DeviceAPIError` if the server was not heard. The phone is then still paired: forgotten here alone, it would
    ///   go on there.
    func unpair() async throws {
        isLeaving = true
        defer { isLeaving = false }
        try await pairer.unpair()
        await leave()
    }

    /// The server does not know this phone any more: what it has brought here goes, and the person is told.
    func wasUnpaired(_ pairing: Pairing) async {
        guard !isLeaving, session?.pairing == pairing else { return }
        do {
            try pairer.forget(pairing)
            notice = String(localized: "This phone was removed from its workspace. Pair it again to receive here.")
        } catch {
            notice = error.localizedDescription
        }
        await leave()
    }

    private func leave() async {
        guard let session else { return }
        // First, so that what happens meanwhile finds that it is over.
        status = .unpaired
        await clean(after: session)
    }

    /// Ends the session, and takes off the screen what no server can take back.
    private func clean(after session: Session) async {
        await session.end()
        WidgetCenter.shared.reloadAllTimelines()
        await CardScreen.clear()
        await DeliveredNotifications.removeAll()
    }

    /// Begins with the pairing that is kept, unless it has begun.
    func loadPairing() {
        guard session == nil else { return }
        do {
            if let pairing = try pairings.load() { begin(pairing) } else { status = .unpaired }
        } catch let failure as KeychainPairingStore.Failure where failure.isBeforeFirstUnlock {
            status = .locked
        } catch {
            notice = error.localizedDescription
            status = .unpaired
        }
    }

    private func begin(_ pairing: Pairing) {
        let session = Session(pairing: pairing, phone: self, transport: transport, reports: reports)
        status = .paired(session)
        WidgetCenter.shared.reloadAllTimelines()
        Task { await BackgroundTime.whileDoing("launch") { await session.start(with: tokens) } }
    }
}
