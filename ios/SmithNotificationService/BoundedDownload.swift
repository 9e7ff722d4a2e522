import Foundation

/// Fetches a file that may be too large, of the wrong kind, or never end: the first two are given up as soon as they show,
/// the last when the time is over. A file of the sender's choice must not fill the phone.
final class BoundedDownload: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    enum Failure: Error {
        case refused(status: Int)
        case wrongKind(String?)
        case tooLarge(limit: Int)
        case tooSlow
    }

    /// A file in the temporary folder, and what the server says it is.
    struct File: Sendable {
        var url: URL
        var contentType: String?
    }

    private let accepts: @Sendable (_ contentType: String?) -> Int?
    private let file: URL
    private let handle: FileHandle
    // Touched by the session's queue alone, which is serial, until the continuation is resumed.
    private var limit = 0
    private var received = 0
    private var contentType: String?
    private var failure: (any Error)?
    private var continuation: CheckedContinuation<File, any Error>?

    private init(accepts: @escaping @Sendable (String?) -> Int?) throws {
        self.accepts = accepts
        file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: file)
        handle = try FileHandle(forWritingTo: file)
    }

    /// Downloads `url`.
    ///
    /// - Parameters:
    ///   - seconds: how long all of it may take.
    ///   - accepts: how many bytes a file of this content type may have; nil if it is of no use.
    /// - Throws: `Failure`, or why there was no answer.
    static func file(
        at url: URL, within seconds: TimeInterval, accepts: @escaping @Sendable (_ contentType: String?) -> Int?
    ) async throws -> File {
        let download = try BoundedDownload(accepts: accepts)
        let session = URLSession(configuration: .ephemeral, delegate: download, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: url)
        // Of all of it: a session's own time limits are for pauses, or are not kept everywhere.
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            task.cancel()
        }
        defer { deadline.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    download.continuation = continuation
                    task.resume()
                }
            } onCancel: {
                task.cancel()
            }
        } catch let error as URLError where error.code == .cancelled && !Task.isCancelled {
            throw Failure.tooSlow
        }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        contentType = response.mimeType
        let status = (response as? HTTPURLResponse)?.statusCode ?? 200
        if !(200..<300).contains(status) {
            failure = Failure.refused(status: status)
        } else if let limit = accepts(contentType) {
            self.limit = limit
            if response.expectedContentLength > Int64(limit) { failure = Failure.tooLarge(limit: limit) }
        } else {
            failure = Failure.wrongKind(contentType)
        }
        completionHandler(failure == nil ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        // What was on its way when it was given up.
        guard failure == nil else { return dataTask.cancel() }
        received += data.count
        do {
            guard received <= limit else { throw Failure.tooLarge(limit: limit) }
            try handle.write(contentsOf: data)
        } catch {
            failure = error
            dataTask.cancel()
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let waiting = continuation
        continuation = nil
        do {
            try handle.close()
            // Ours first: it says why the task was cancelled.
            if let reason = failure ?? error { throw reason }
            waiting?.resume(returning: File(url: file, contentType: contentType))
        } catch {
            try? FileManager.default.removeItem(at: file)  // iOS empties the folder by itself, too.
            waiting?.resume(throwing: error)
        }
    }
}
