import Foundation

/// A file that iOS can attach to a notification: by its name, iOS tells what it is.
///
/// Kinds and sizes are Apple's ("UNNotificationAttachment").
public struct MediaFile: Hashable, Sendable {
    public let kind: MediaKind
    /// Without a dot.
    public let fileExtension: String

    /// The most bytes that iOS attaches of this kind.
    public var mostBytes: Int {
        switch kind {
        case .audio: 5_000_000
        case .image: 10_000_000
        case .video: 50_000_000
        }
    }

    /// Nil for what iOS cannot attach.
    ///
    /// - Parameters:
    ///   - contentType: the answer's `Content-Type`. It counts before the URL, unless it says nothing, as
    ///     `application/octet-stream`.
    ///   - url: where it was loaded from.
    public init?(contentType: String?, url: URL) {
        let type = (contentType ?? "").prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        let ending = url.pathExtension.lowercased()
        if let byType = Self.byType[type] {
            self.init(byType)
        } else if Self.telling.contains(where: type.hasPrefix) {
            return nil
        } else if Self.byEnding[ending] != nil {
            self.init(ending)
        } else {
            return nil
        }
    }

    /// A name for the file, which no other one has.
    public func name(for id: UUID = UUID()) -> String { "\(id.uuidString).\(fileExtension)" }

    private init?(_ ending: String) {
        guard let kind = Self.byEnding[ending] else { return nil }
        self.kind = kind
        fileExtension = ending
    }

    /// Types that begin so say what a file is, so that its name counts for nothing.
    private static let telling = ["image/", "audio/", "video/", "text/"]

    private static let byEnding: [String: MediaKind] = [
        "jpg": .image, "jpeg": .image, "png": .image, "gif": .image,
        "mp3": .audio, "m4a": .audio, "wav": .audio, "aiff": .audio, "aif": .audio,
        "mp4": .video, "m4v": .video, "mpg": .video, "mpeg": .video, "avi": .video, "mov": .video,
    ]

    private static let byType: [String: String] = [
        "image/jpeg": "jpg", "image/jpg": "jpg", "image/png": "png", "image/gif": "gif",
        "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a", "audio/x-m4a": "m4a", "audio/m4a": "m4a",
        "audio/wav": "wav", "audio/x-wav": "wav", "audio/vnd.wave": "wav", "audio/aiff": "aiff", "audio/x-aiff": "aiff",
        "video/mp4": "mp4", "video/x-m4v": "m4v", "video/mpeg": "mpg", "video/x-msvideo": "avi", "video/avi": "avi",
        "video/quicktime": "mov",
    ]
}
