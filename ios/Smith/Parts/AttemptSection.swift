import SwiftUI

/// Something that was tapped and takes a moment.
enum Attempt: Equatable {
    case idle
    case running
    case succeeded(String)
    case failed(String)

    var words: String {
        switch self {
        case .idle, .running: ""
        case .succeeded(let words), .failed(let words): words
        }
    }
}

/// Its button, and what became of it. A second tap while it runs does nothing.
struct AttemptSection: View {
    let title: LocalizedStringKey
    let attempt: Attempt
    var isDisabled = false
    let action: @MainActor () -> Void

    var body: some View {
        Section {
            Button(action: action) {
                HStack {
                    Text(title)
                    Spacer()
                    if attempt == .running { ProgressView() }
                }
            }
            .disabled(isDisabled || attempt == .running)
        } footer: {
            if !attempt.words.isEmpty {
                Text(attempt.words)
                    .foregroundStyle(isFailed ? Color.red : .secondary)
            }
        }
    }

    private var isFailed: Bool {
        if case .failed = attempt { true } else { false }
    }
}

#Preview {
    Form {
        AttemptSection(title: "Send a test notification", attempt: .idle) {}
        AttemptSection(title: "Send a test notification", attempt: .running) {}
        AttemptSection(title: "Send a test notification", attempt: .succeeded("Done.")) {}
        AttemptSection(title: "Send a test notification", attempt: .failed("This phone is offline.")) {}
    }
}
