import Observation
import SmithKit

/// The notifications of this phone, page by page, newest first.
@MainActor @Observable
final class Inbox {
    private(set) var items: [InboxNotification] = []
    /// Why the list may be out of date; nil if it is not.
    private(set) var fault: String?
    private var isLoaded = false
    private var nextPage: String?
    private let api: DeviceAPI
    private let failed: (any Error) -> String?

    /// - Parameter failed: takes an error of a call; answers with what to tell the person.
    init(api: DeviceAPI, failed: @escaping (any Error) -> String?) {
        self.api = api
        self.failed = failed
    }

    var isEmpty: Bool { isLoaded && items.isEmpty }
    var hasMore: Bool { nextPage != nil }

    /// Asks for the newest page. Older pages that were loaded stay, each notification with its newest content.
    func refresh() async {
        await load(page: nil)
    }

    func loadMore() async {
        guard let page = nextPage else { return }
        await load(page: page)
    }

    private func load(page: String?) async {
        do {
            let answer = try await api.notifications(pageToken: page)
            items = InboxNotification.merged(items, with: answer.notifications)
            if page != nil || !isLoaded { nextPage = answer.nextPageToken }
            isLoaded = true
            fault = nil
        } catch {
            fault = failed(error)
        }
    }
}

extension InboxNotification {
    /// Both lists in one, newest first. Of two versions of one notification the later counts.
    static func merged(_ known: [InboxNotification], with new: [InboxNotification]) -> [InboxNotification] {
        let byID = Dictionary((known + new).map { ($0.id, $0) }) { before, after in after.version >= before.version ? after : before }
        // Identifiers are UUIDs of version 7, which sort by time.
        return byID.values.sorted { $0.id > $1.id }
    }
}
