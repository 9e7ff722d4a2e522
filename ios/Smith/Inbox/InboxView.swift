import SmithKit
import SwiftUI

/// What came in, newest first, with everything that it has: notifications of iOS have room for less.
struct InboxView: View {
    let inbox: Inbox

    var body: some View {
        NavigationStack {
            List {
                ForEach(inbox.items) { item in
                    NotificationRow(item: item)
                }
                if inbox.hasMore {
                    LoadMoreRow(inbox: inbox)
                }
            }
            .listStyle(.plain)
            .overlay { if inbox.isEmpty { EmptyInboxView() } }
            .safeAreaInset(edge: .top) { FaultBanner(words: inbox.fault) }
            .refreshable { await inbox.refresh() }
            .navigationTitle("Inbox")
        }
        .task { await inbox.refresh() }
    }
}

/// Loads the next page when it comes into view.
private struct LoadMoreRow: View {
    let inbox: Inbox

    var body: some View {
        HStack {
            Spacer()
            if inbox.fault == nil { ProgressView() } else { Button("Load more") { Task { await inbox.loadMore() } } }
            Spacer()
        }
        .listRowSeparator(.hidden)
        .task { await inbox.loadMore() }
    }
}
