import Foundation
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
    private let calls: Calls

    init(api: DeviceAPI, calls: Calls) {
        self.api = api
        self.calls = calls
    }

    var isEmpty: Bool { isLoaded && items.isEmpty }
    var hasMore: Bool { nextPage != nil }

    /// Asks for the newest page. Older ones that were loaded stay.
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
            items = InboxNotification.merged(items, answer.notifications)
            // A newer first page says nothing about where the older ones end.
            if page != nil || !isLoaded { nextPage = answer.nextPageToken }
            isLoaded = true
            fault = nil
        } catch {
            fault = await calls.words(for: error) ?? fault
        }
    }
}

extension InboxNotification {
    /// Both lists in one, newest first. Of two versions of one notification the later counts.
    static func merged(_ known: [InboxNotification], _ new: [InboxNotification]) -> [InboxNotification] {
        let latest = Dictionary((known + new).map { ($0.id, $0) }) { $1.version >= $0.version ? $1 : $0 }
        return latest.values.sorted { ($0.createdAt ?? .distantPast, $0.id) > ($1.createdAt ?? .distantPast, $1.id) }
    }
}
