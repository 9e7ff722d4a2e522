import Foundation

/// Where `Reporter` keeps what the server has not heard yet: a file in the app, memory in tests.
public protocol ReportStore: Sendable {
    /// The bytes that were saved last; nil if there are none.
    ///
    /// - Throws: if they cannot be read now, as before a restarted phone is first unlocked. That is not the same as none.
    func load() throws -> Data?
    /// Replaces them, all or nothing.
    func save(_ data: Data) throws
}
