import Foundation

/// Where `Reporter` keeps what the server has not heard yet: a file in the app, memory in tests.
///
/// There is one writer: the app. Its extensions report nothing, and the buttons of cards run in the app's own process. So two
/// launches follow one another, and no lock is needed between them.
public protocol ReportStore: Sendable {
    /// The bytes that were saved last; nil if there are none.
    ///
    /// - Throws: if they cannot be read now, as before a restarted phone is first unlocked. That is not the same as none.
    func load() throws -> Data?
    /// Replaces them, all or nothing.
    func save(_ data: Data) throws
}

/// Keeps them in a file.
public struct FileReportStore: ReportStore {
    private let file: KeptFile

    /// - Parameter file: its folder is made if it is missing.
    public init(file: URL) {
        self.file = KeptFile(file)
    }

    public func load() throws -> Data? { try file.read() }
    public func save(_ data: Data) throws { try file.write(data) }
}
