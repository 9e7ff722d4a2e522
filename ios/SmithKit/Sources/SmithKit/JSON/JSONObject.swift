/// A JSON object of which every field is optional: one that cannot be read is left out, and the others stay.
struct JSONObject: Decodable {
    let fields: [String: JSONValue]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        var fields: [String: JSONValue] = [:]
        for key in container.allKeys {
            // A number that no Double can hold must not cost the rest of the object.
            fields[key.stringValue] = try? container.decode(JSONValue.self, forKey: key)
        }
        self.fields = fields
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
