import Foundation

/// What the server is to hear of this phone, and what of it it has heard. Pure: `Reporter` keeps it and makes the calls.
struct ReportBook: Codable, Equatable, Sendable {
    /// What was told about one Live Activity.
    struct Activity: Codable, Equatable, Sendable {
        var token: String?
        var heardToken: String?
        /// When the person removed it.
        var dismissedAt: Date?
        var isDismissalHeard = false
        /// When something was last noted of it.
        var notedAt: Date
    }

    /// A call that is owed.
    enum Duty: Hashable, Sendable {
        case tokens(TokenReport)
        case dismissal(activityID: String)
        case updateToken(String, activityID: String)
    }

    /// Something that the app has learned.
    enum Change: Equatable, Sendable {
        case launched(showing: Set<String>)
        case tokens(TokenReport)
        case updateToken(String, activityID: String)
        case dismissed(activityID: String)
        case ended(activityID: String)
    }

    /// As long as a Live Activity is on a screen at most: 8 hours, and 4 after its end.
    static let longest: TimeInterval = 12 * 3600
    static let most = 200

    /// The device on the server that all of this belongs to.
    var deviceID: String
    var wanted = TokenReport()
    var heard = TokenReport()
    var activities: [String: Activity] = [:]

    init(deviceID: String) {
        self.deviceID = deviceID
    }

    /// The book for a device: the tokens are the phone's own, whatever it is paired with; all else was another device's.
    func belonging(to deviceID: String) -> ReportBook {
        guard deviceID != self.deviceID else { return self }
        var book = ReportBook(deviceID: deviceID)
        book.wanted = wanted
        return book
    }

    /// Notes a change. The newest counts.
    mutating func apply(_ change: Change, at now: Date) {
        switch change {
        case .launched(let showing):
            // The server may have lost a token that it has heard: Apple declared it dead, or another device reported it.
            heard = TokenReport()
            for id in Array(activities.keys) {
                activities[id]?.heardToken = nil
                if !showing.contains(id) { activities[id]?.token = nil }
            }
        case .tokens(let report):
            wanted = report.completed(from: wanted)
        case .updateToken(let token, let id):
            note(id, at: now) { $0.token = token }
        case .dismissed(let id):
            note(id, at: now) { $0.dismissedAt = now }
        case .ended(let id):
            activities[id]?.token = nil
        }
        tidy(at: now)
    }

    /// What is owed, in the order in which it is told.
    var duties: [Duty] {
        let tokens = wanted.differing(from: heard)
        let ids = activities.keys.sorted()
        return (tokens.isEmpty ? [] : [.tokens(tokens)])
            + ids.filter { isDismissalOwed($0) }.map { .dismissal(activityID: $0) }
            + ids.compactMap { id in owedToken(id).map { .updateToken($0, activityID: id) } }
    }

    /// Notes that the server has heard, or has refused for good, what was owed. What has changed since is still owed.
    mutating func settle(_ duty: Duty) {
        switch duty {
        case .tokens(let report): heard = report.completed(from: heard)
        case .dismissal(let id): activities[id]?.isDismissalHeard = true
        case .updateToken(let token, let id): activities[id]?.heardToken = token
        }
    }

    /// The activities that the person has removed, also those of which the server knows: an answer of the server's may be
    /// older than that.
    var dismissed: Set<String> {
        Set(activities.filter { $0.value.dismissedAt != nil }.keys)
    }

    private func isDismissalOwed(_ id: String) -> Bool {
        guard let activity = activities[id] else { return false }
        return activity.dismissedAt != nil && !activity.isDismissalHeard
    }

    /// None for one that the person has removed: nothing more is sent to it.
    private func owedToken(_ id: String) -> String? {
        guard let activity = activities[id], activity.dismissedAt == nil, activity.token != activity.heardToken else { return nil }
        return activity.token
    }

    private mutating func note(_ id: String, at now: Date, _ change: (inout Activity) -> Void) {
        var activity = activities[id] ?? Activity(notedAt: now)
        change(&activity)
        activity.notedAt = now
        activities[id] = activity
    }

    private mutating func tidy(at now: Date) {
        // Of a clock that was set back, too.
        activities = activities.filter { abs($0.value.notedAt.timeIntervalSince(now)) < Self.longest }
        guard activities.count > Self.most else { return }
        let newest = activities.sorted { $0.value.notedAt > $1.value.notedAt }.prefix(Self.most)
        activities = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
    }
}
