import Foundation

/// Tells the server the phone's tokens, and which Live Activities the person has removed. What it is told it keeps until the
/// server has heard it, also across launches; what the server has heard it does not say again before the next launch.
///
/// Calls follow one another, so an older token never arrives after a newer one that was told later.
public actor Reporter {
    public enum Event: Equatable, Sendable {
        /// The server does not know the phone any more. It is told nothing from now on.
        case unpaired
        /// The server says that the Live Activity is not for this phone: it is to be ended.
        case foreignActivity(id: String)
    }

    private let api: DeviceAPI
    private let deviceID: String
    private let store: any ReportStore
    private let pauses: RetryPolicy
    private let now: @Sendable () -> Date
    private let listener: @Sendable (Event) async -> Void

    /// Nil until the store could be read.
    private var book: ReportBook?
    /// What was noted meanwhile.
    private var unread: [ReportBook.Change] = []
    private var pass: Task<Bool, Never>?
    private var repetition: Task<Void, Never>?
    private var failures = 0
    /// Nothing more is told: the server does not know the phone, or the pairing is over.
    private var isStopped = false
    private var problems = ProblemLog()

    /// - Parameters:
    ///   - pairing: whom the calls are made for. Another pairing has a reporter of its own, with the same store.
    ///   - pauses: the pauses before what was not heard is told once more; `attempts` does not count.
    ///   - listener: gets each event.
    public init(
        pairing: Pairing, transport: any HTTPTransport, store: any ReportStore,
        retry: RetryPolicy = RetryPolicy(), pauses: RetryPolicy = RetryPolicy(firstPause: 5, longestPause: 300),
        now: @escaping @Sendable () -> Date = { Date() }, listener: @escaping @Sendable (Event) async -> Void
    ) {
        api = DeviceAPI(pairing, transport: transport, retry: retry)
        deviceID = pairing.deviceID
        self.store = store
        self.pauses = pauses
        self.now = now
        self.listener = listener
    }

    // MARK: What the app has learned. Each returns when the server has heard it, or when telling it has failed for now.

    /// The app was launched, by the person or by iOS: everything is told once more, as the server may have lost it.
    ///
    /// - Parameter activityIDs: the Live Activities that are on the screen.
    public func launched(showing activityIDs: Set<String>) async {
        await note(.launched(showing: activityIDs))
    }

    /// Tokens and what goes with them. What is nil stays as it was last told.
    public func report(_ tokens: TokenReport) async {
        await note(.tokens(tokens))
    }

    /// iOS has handed out an update token, in hexadecimal digits.
    public func report(updateToken token: String, ofActivity activityID: String) async {
        await note(.updateToken(token, activityID: activityID))
    }

    /// The person has removed a Live Activity that had not ended.
    public func reportDismissal(ofActivity activityID: String) async {
        await note(.dismissed(activityID: activityID))
    }

    /// A Live Activity has ended: its token needs not be told any more.
    public func activityEnded(_ activityID: String) {
        write(.ended(activityID: activityID))
    }

    // MARK: Telling

    /// Tells what is owed, now: after the network has come back, for example.
    ///
    /// - Returns: whether nothing is owed any more.
    @discardableResult
    public func settle() async -> Bool {
        repetition?.cancel()
        repetition = nil
        if let pass { return await pass.value }
        let task = Task { await tellAll() }
        pass = task
        return await task.value
    }

    /// Tells nothing more: the phone is paired with something else, or not at all. A call that is on its way is not taken back.
    public func stop() {
        isStopped = true
        repetition?.cancel()
    }

    // MARK: Looking

    /// The Live Activities that the person has removed within 12 hours: `CatchUp` does not start them again.
    public var dismissedActivities: Set<String> {
        readBook()?.dismissed ?? Set(
            unread.compactMap { change in if case .dismissed(let id) = change { id } else { nil } })
    }

    /// What is known, heard and owed, without the tokens themselves.
    public var summary: ReportSummary {
        ReportSummary(readBook() ?? ReportBook(deviceID: deviceID), problems: problems.entries)
    }

    // MARK: Inside

    private func note(_ change: ReportBook.Change) async {
        write(change)
        await settle()
    }

    private func write(_ change: ReportBook.Change) {
        guard readBook() != nil else { return unread.append(change) }
        book?.apply(change, at: now())
        save()
    }

    private func readBook() -> ReportBook? {
        if book != nil { return book }
        let saved: Data?
        do {
            saved = try store.load()
        } catch {
            // Not the same as an empty file: what is there must not be overwritten.
            problems.note(error, during: "reading the reports", at: now())
            return nil
        }
        var read = ReportBook(deviceID: deviceID)
        if let saved {
            do {
                read = try JSONDecoder().decode(ReportBook.self, from: saved).belonging(to: deviceID)
            } catch {
                // It begins with nothing. The launch tells the app's tokens again; reports of removed cards are lost.
                problems.note(error, during: "reading the reports", at: now())
            }
        }
        for change in unread { read.apply(change, at: now()) }
        unread = []
        book = read
        return read
    }

    private func save() {
        guard let book else { return }
        do {
            try store.save(try JSONEncoder().encode(book))
        } catch {
            // It is told all the same. Only a launch before that would not know of it.
            problems.note(error, during: "keeping the reports", at: now())
        }
    }

    private func tellAll() async -> Bool {
        var postponed: Set<ReportBook.Duty> = []
        while !isStopped, let duty = readBook()?.duties.first(where: { !postponed.contains($0) }) {
            do {
                try await tell(duty)
                book?.settle(duty)
            } catch DeviceAPIError.unpaired {
                isStopped = true
                await listener(.unpaired)
            } catch {
                problems.note(error, during: duty.words, at: now())
                let failure = error as? DeviceAPIError
                if failure?.isPassing == false {
                    await refused(duty, failure)
                } else if case .refused = failure {
                    // The others must not wait for one that the server has trouble with.
                    postponed.insert(duty)
                } else {
                    break
                }
            }
            save()
        }
        // Without a pause from here to the end, so that what is noted next finds that this has ended.
        pass = nil
        let isDone = readBook().map { $0.duties.isEmpty } ?? false
        failures = isDone ? 0 : failures + 1
        if !isDone, !isStopped { repeatLater() }
        return isDone
    }

    private func tell(_ duty: ReportBook.Duty) async throws {
        switch duty {
        case .tokens(let report): try await api.report(report)
        case .dismissal(let id): try await api.reportDismissal(ofActivity: id)
        case .updateToken(let token, let id): try await api.report(updateToken: token, ofActivity: id)
        }
    }

    /// The server will not take it, however often it is told.
    private func refused(_ duty: ReportBook.Duty, _ error: DeviceAPIError?) async {
        book?.settle(duty)
        if case .updateToken(_, let id) = duty, case .refused(404, _, _) = error {
            await listener(.foreignActivity(id: id))
        }
    }

    private func repeatLater() {
        let doubled = pauses.firstPause * pow(2, Double(min(failures, 16) - 1))
        let pause = min(pauses.longestPause, doubled) * pauses.jitter()
        let sleep = pauses.sleep
        repetition = Task { [weak self] in
            do { try await sleep(pause) } catch { return }
            await self?.repeated()
        }
    }

    private func repeated() async {
        repetition = nil
        await settle()
    }
}

extension ReportBook.Duty {
    /// For the log of problems.
    fileprivate var words: String {
        switch self {
        case .tokens: "reporting tokens"
        case .dismissal: "reporting a removed Live Activity"
        case .updateToken: "reporting an update token"
        }
    }
}
