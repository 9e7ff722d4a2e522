import Foundation

/// A small file of the app's. A process that dies while it writes leaves the file as it was.
struct KeptFile: Sendable {
    private let url: URL

    /// - Parameter url: its folder is made if it is missing.
    init(_ url: URL) {
        self.url = url
    }

    /// Nil if there is none. Throws if it cannot be read now.
    func read() throws -> Data? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try Data(contentsOf: url)
    }

    func write(_ data: Data) throws {
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        #if os(iOS)
            // iOS wakes the app while the phone is locked.
            try data.write(to: url, options: [.atomic, .completeFileProtectionUntilFirstUserAuthentication])
        #else
            try data.write(to: url, options: .atomic)
        #endif
    }

    func remove() throws {
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        try FileManager.default.removeItem(at: url)
    }
}
