import SmithKit
import SwiftUI

/// What came in, newest first, with everything that it has: notifications of iOS have room for less.
struct InboxView: View {
    let inbox: Inbox

    var body: some View {
        NavigationStack {
            ScrollViewReader { proxy in
                InboxList(inbox: inbox)
                    .modifier(BringIntoView(proxy: proxy, inbox: inbox))
            }
            .overlay { if inbox.isEmpty { EmptyInboxView() } }
            .safeAreaInset(edge: .top) {
                VStack(spacing: 0) {
                    PermissionBanner()
                    FaultBanner(words: inbox.fault)
                }
            }
            .refreshable { await inbox.refresh() }
            .navigationTitle("Inbox")
        }
        .task { await inbox.refresh() }
    }
}

private struct InboxList: View {
    let inbox: Inbox

    var body: some View {
        List {
            ForEach(inbox.items) { item in
                NotificationRow(item: item)
            }
            if inbox.hasMore {
                LoadMoreRow(inbox: inbox)
            }
        }
        .listStyle(.plain)
    }
}

/// Scrolls to the notification that was tapped on the Lock Screen, once it is in the list.
private struct BringIntoView: ViewModifier {
    @Environment(Phone.self) private var phone
    @Environment(\.accessibilityReduceMotion) private var isMotionReduced
    let proxy: ScrollViewProxy
    let inbox: Inbox

    func body(content: Content) -> some View {
        content
            .onChange(of: phone.sought, initial: true) { scroll() }
            .onChange(of: inbox.items.count) { scroll() }
    }

    private func scroll() {
        guard let id = phone.sought, inbox.items.contains(where: { $0.id == id }) else { return }
        phone.sought = nil
        withAnimation(isMotionReduced ? nil : .default) { proxy.scrollTo(id, anchor: .center) }
    }
}

/// Loads the next page when it comes into view.
private struct LoadMoreRow: View {
    let inbox: Inbox

    var body: some View {
        HStack {
            Spacer()
            if inbox.fault == nil {
                ProgressView()
            } else {
                Button("Load more") { Task { await inbox.loadMore() } }
            }
            Spacer()
        }
        .listRowSeparator(.hidden)
        .task(id: inbox.history.nextPageToken) { await inbox.loadMore() }
    }
}

#Preview {
    PairedPhone { InboxView(inbox: $0.inbox) }
}
