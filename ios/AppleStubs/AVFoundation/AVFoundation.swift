@_exported import Foundation

public struct AVMediaType: Hashable, Sendable {
    public static let video = AVMediaType()
}

public final class AVCaptureDevice: NSObject {
    public class func requestAccess(for mediaType: AVMediaType) async -> Bool { false }
}

@MainActor
open class AVPlayer: NSObject {
    public nonisolated init(url URL: URL) {}
    open func pause() {}
}
