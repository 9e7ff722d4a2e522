import Foundation

/// What kind of media a URL leads to, as far as its ending tells: only its server knows for sure.
public enum MediaKind: String, Hashable, Sendable {
    case image, video, audio

    static let endings: [MediaKind: Set<String>] = [
        .image: ["jpg", "jpeg", "png", "gif", "webp", "heic", "avif"],
        .video: ["mp4", "mov", "m4v", "webm"],
        .audio: ["mp3", "m4a", "wav", "aac", "aiff", "ogg"],
    ]

    /// Nil for another ending, or none.
    public init?(url: URL) {
        let ending = url.path(percentEncoded: false).split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        guard let kind = Self.endings.first(where: { $0.value.contains(ending.lowercased()) })?.key else { return nil }
        self = kind
    }
}
