import SwiftUI

/// The whole way, from the server by Apple back to here.
struct TestSection: View {
    let test: TestPush

    var body: some View {
        AttemptSection(title: "Send a test notification", attempt: test.attempt) { test.send() }
    }
}

/// The same where there is no form.
struct TestButton: View {
    let test: TestPush

    var body: some View {
        VStack {
            Button("Send a test notification") { test.send() }
                .buttonStyle(.borderedProminent)
                .disabled(test.attempt == .running)
            Text(test.attempt.words).font(.footnote).foregroundStyle(.secondary)
        }
    }
}
