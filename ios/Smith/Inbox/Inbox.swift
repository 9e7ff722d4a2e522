import Observation
import SmithKit

/// The notifications of this phone, page by page, newest first.
@MainActor @Observable
final class Inbox {
    private(set) var history = InboxHistory()
    /// Why the list may be out of date; nil if it is not.
    private(set) var fault: String?
    private var isLoaded = false
    private let api: DeviceAPI
    private let failures: CallFailures

    init(api: DeviceAPI, failures: CallFailures) {
        self.api = api
        self.failures = failures
    }

    var items: [InboxNotification] { history.notifications }
    var isEmpty: Bool { isLoaded && items.isEmpty }
    var hasMore: Bool { history.nextPageToken != nil }

    /// Asks for the newest page. Older ones that were loaded stay.
    func refresh() async {
        await load(page: nil) { $0.refresh(with: $1) }
    }

    func loadMore() async {
        guard let page = history.nextPageToken else { return }
        await load(page: page) { history, answer in
            // A refresh meanwhile may have begun the list again.
            if history.nextPageToken == page { history.append(answer) }
        }
    }

    private func load(page: String?, take: (inout InboxHistory, NotificationPage) -> Void) async {
        do {
            let answer = try await api.notifications(pageToken: page)
            take(&history, answer)
            isLoaded = true
            fault = nil
        } catch {
            fault = await failures.words(for: error) ?? fault
        }
    }
}
