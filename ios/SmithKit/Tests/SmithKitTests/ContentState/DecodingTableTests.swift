import Foundation
import Testing

@testable import SmithKit

/// `Fixtures/decoding.json`: content states that an app may lose, and what this one shows of them. The simulated iPhone reads
/// the same table, and refuses those that the strictest app would lose.
@Suite struct DecodingTableTests {
    @Test func everyContentStateShowsWhatItCan() throws {
        let table = try #require(try fixture("decoding").object)
        let now = Date(timeIntervalSince1970: try #require(table["now"]?.number))
        let cases = try #require(table["cases"]?.array)
        #expect(cases.count > 20)
        for one in cases {
            let name = try #require(one.object?["name"]?.text)
            let sent = try JSONEncoder().encode(try #require(one.object?["state"]))
            let state = try JSONDecoder().decode(ContentState.self, from: sent)
            let shown = CardLayout(state: state, at: now).inTable(at: now)
            for (key, wanted) in try #require(one.object?["shown"]?.object) {
                let value =
                    switch key {
                    case "figure": shown["body"]?.object?["figure"]
                    case "clock": shown["body"]?.object?["text"]
                    default: shown[key]
                    }
                #expect(value == wanted, "\(name): \(key)")
            }
        }
    }

    @Test func whatIsNoObjectIsRefused() throws {
        for value in try #require(try fixture("decoding").object?["refused"]?.array) {
            let sent = try JSONEncoder().encode(value)
            #expect(throws: (any Error).self) { try JSONDecoder().decode(ContentState.self, from: sent) }
        }
    }
}
