import Foundation

/// The last things that did not work, for the person and for who runs the server.
public struct ProblemLog: Codable, Equatable, Sendable {
    public struct Entry: Codable, Equatable, Sendable {
        public var at: Date
        /// What the app was doing: `reporting tokens`.
        public var during: String
        /// What went wrong, in a sentence.
        public var words: String
    }

    static let most = 20

    /// Oldest first.
    public private(set) var entries: [Entry] = []

    public init() {}

    /// Notes a failure. A task that was cancelled has not failed.
    public mutating func note(_ error: any Error, during: String, at now: Date = Date()) {
        if error is CancellationError { return }
        // A sentence of a server's may be of any length.
        let words = String(error.localizedDescription.prefix(300))
        entries = (entries + [Entry(at: now, during: during, words: words)]).suffix(Self.most)
    }
}
