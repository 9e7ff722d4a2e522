import Foundation
import SmithKit
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        #"null"#, #"true"#, #"1.5"#, #""text""#, #"[1,null,"a"]"#, #"{"a":{"b":[false]}}"#,
    ])
    func survivesARoundTrip(text: String) throws {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        #expect(String(decoding: try JSONEncoder().encode(value), as: UTF8.self) == text)
    }
}
