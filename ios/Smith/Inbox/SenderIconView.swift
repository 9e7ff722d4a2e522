import SwiftUI

/// The image that the sender has chosen. Without it, or while it loads, there is nothing.
struct SenderIconView: View {
    @ScaledMetric private var side: CGFloat = 24
    let url: URL

    var body: some View {
        AsyncImage(url: url) { image in
            image.resizable().scaledToFill()
        } placeholder: {
            Color.clear
        }
        .frame(width: side, height: side)
        .clipShape(.rect(cornerRadius: side / 4))
        .accessibilityHidden(true)
    }
}
