import Foundation

/// The link of a button on a card. iOS opens it in the app, which then opens what the link names.
public enum CardLink {
    static let scheme = "activitysmith"
    static let host = "open"

    /// The link that has the app open `target`.
    public static func opening(_ target: URL) -> URL? {
        var link = URLComponents()
        link.scheme = scheme
        link.host = host
        link.queryItems = [URLQueryItem(name: "url", value: target.absoluteString)]
        return link.url
    }

    /// What the app opens for a link; nil if it is not such a link, or names what no card may open.
    ///
    /// Any other app and any web page can open such a link, too.
    public static func target(of link: URL) -> URL? {
        guard link.scheme?.lowercased() == scheme, link.host()?.lowercased() == host,
            let items = URLComponents(url: link, resolvingAgainstBaseURL: false)?.queryItems,
            let text = items.first(where: { $0.name == "url" })?.value
        else { return nil }
        return SafeLink.url(text, opens: .webOrShortcut)
    }
}
