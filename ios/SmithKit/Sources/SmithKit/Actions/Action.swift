/// A button of a card or a notification, as the server tells phones of it.
public struct Action: Hashable, Sendable {
    /// What the server knows it by, a UUID: what `POST /api/device/actions/{id}/run` takes.
    public let id: String
    public let title: String
    /// `webhook`, `open_url`, or one of a later server.
    public let type: String
    /// What an `open_url` button opens.
    public let url: String?

    public init(id: String, title: String, type: String, url: String? = nil) {
        self.id = id
        self.title = title
        self.type = type
        self.url = url
    }

    /// Nil if it has no identifier, no title or no type.
    init?(_ json: JSONValue) {
        guard let fields = json.object, let id = fields["id"]?.words, let title = fields["title"]?.words,
            let type = fields["type"]?.words
        else { return nil }
        self.init(id: id, title: title, type: type, url: fields["url"]?.words)
    }
}
