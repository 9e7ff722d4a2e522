import Foundation

/// Where a server's REST API is: an `http` or `https` URL, perhaps with a port and a path.
public struct ServerAddress: Hashable, Sendable {
    public let url: URL

    public init?(_ text: String) {
        guard let url = URL(string: text), url.scheme == "https" || url.scheme == "http", url.host() != nil else { return nil }
        self.url = url
    }
}
