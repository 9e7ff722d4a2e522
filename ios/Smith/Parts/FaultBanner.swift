import SwiftUI

/// Says above a list why it may be out of date; takes no room while there is nothing to say.
struct FaultBanner: View {
    let words: String?

    var body: some View {
        if let words {
            Label(words, systemImage: "wifi.exclamationmark")
                .font(.footnote)
                .frame(maxWidth: .infinity, alignment: .leading)
                .padding(.horizontal)
                .padding(.vertical, 8)
                .background(.bar)
        }
    }
}

#Preview {
    FaultBanner(words: "This phone is offline.")
}
