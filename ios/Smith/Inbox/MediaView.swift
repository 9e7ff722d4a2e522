import AVKit
import SmithKit
import SwiftUI

/// The picture, film or sound of a notification.
struct MediaView: View {
    let url: URL

    var body: some View {
        switch MediaKind(url: url) {
        case .video: MoviePlayer(url: url).frame(height: 200)
        case .audio: MoviePlayer(url: url).frame(height: 64)
        // A URL without an ending may well be an image: loading it finds out.
        case .image, nil: PictureView(url: url)
        }
    }
}

private struct PictureView: View {
    let url: URL

    var body: some View {
        AsyncImage(url: url) { phase in
            switch phase {
            case .success(let image):
                image.resizable().scaledToFit().clipShape(.rect(cornerRadius: 8))
            case .failure:
                Link(destination: url) { Label("The picture cannot be shown here", systemImage: "photo") }
            default:
                ProgressView().frame(maxWidth: .infinity, minHeight: 120)
            }
        }
        .accessibilityLabel(Text("Picture from \(url.host() ?? "")"))
    }
}

/// Loads nothing before it is on the screen, and keeps its place while the list is redrawn.
private struct MoviePlayer: View {
    let url: URL
    @State private var player: AVPlayer?

    var body: some View {
        VideoPlayer(player: player)
            .clipShape(.rect(cornerRadius: 8))
            .onAppear { if player == nil { player = AVPlayer(url: url) } }
            .onDisappear { player?.pause() }
    }
}
