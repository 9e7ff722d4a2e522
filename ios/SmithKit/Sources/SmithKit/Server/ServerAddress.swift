import Foundation

/// Where a server's REST API is: an `http` or `https` URL, perhaps with a port and a path in front of `/api`.
public struct ServerAddress: Hashable, Sendable {
    /// Without a slash at its end, and without user, query and fragment. Scheme and host are in lower case.
    public let url: URL

    /// Whether it is `https`. With `http`, which is meant for a server at home or in an office, others in the network can read
    /// along.
    public var isEncrypted: Bool { url.scheme == "https" }

    /// Its name or address, without a port.
    public var host: String { url.host() ?? "" }

    /// Nil for what is not `https://…` or `http://…` with a host. White space around it does not count.
    public init?(_ text: String) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard trimmed.utf8.count <= 2048, var parts = URLComponents(string: trimmed),
            let scheme = parts.scheme?.lowercased(), scheme == "https" || scheme == "http",
            let host = parts.percentEncodedHost?.lowercased(), !host.isEmpty
        else { return nil }
        if let port = parts.port, !(1...65_535).contains(port) { return nil }
        parts.scheme = scheme
        parts.percentEncodedHost = host
        parts.user = nil
        parts.password = nil
        parts.query = nil
        parts.fragment = nil
        while parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath.removeLast() }
        guard let url = parts.url else { return nil }
        self.url = url
    }

    /// The address of a call.
    ///
    /// - Parameters:
    ///   - path: its segments behind `/api`, which may contain any character.
    ///   - query: names and values, in this order.
    /// - Returns: nil if no URL can be made of it.
    func endpoint(_ path: [String], query: KeyValuePairs<String, String> = [:]) -> URL? {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: false) else { return nil }
        let segments = (["api"] + path).map { "/" + Self.encoded($0) }
        parts.percentEncodedPath += segments.joined()
        if !query.isEmpty {
            parts.percentEncodedQuery = query.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&")
        }
        return parts.url
    }

    private static func encoded(_ text: String) -> String {
        // RFC 3986, 2.3. Foundation's own sets leave `+` and `;` as they are, which servers read in more ways than one.
        let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }
}

extension ServerAddress: CustomStringConvertible {
    /// As people read it.
    public var description: String { url.absoluteString }
}

extension ServerAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not the address of a server")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(url.absoluteString)
    }
}
