import Foundation
import SmithKit
import Testing

/// The bytes of a JSON file of `Fixtures`.
func fixtureData(_ name: String) throws -> Data {
    let url = try #require(Bundle.module.url(forResource: "Fixtures/" + name, withExtension: "json"))
    return try Data(contentsOf: url)
}

/// A JSON file of `Fixtures`.
func fixture(_ name: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: fixtureData(name))
}
