import Foundation
import Testing

@testable import SmithKit

@Suite struct CardTableTests {
    @Test(arguments: try CardTable.shared.get().cases)
    func aCardShowsWhatTheTableSays(one: CardCase) throws {
        let now = try CardTable.shared.get().now
        let shown = CardLayout(state: one.state, at: now).inTable(at: now)
        for (name, wanted) in one.card where wanted != .null || name != "island" {
            let value = try #require(shown[name])
            #expect(value.isNearly(wanted), "\(name): \(value), not \(wanted)")
        }
    }

    @Test func theTableHasEveryType() throws {
        let types = Set(try CardTable.shared.get().cases.map(\.state.type))
        #expect(types.isSuperset(of: CardTypes.all.map { $0.name }))
    }
}

extension JSONValue {
    /// A date holds a time with a little less precision than the sender has written it.
    func isNearly(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let one), .number(let another)): abs(one - another) < 1e-6
        case (.array(let ones), .array(let others)):
            ones.count == others.count && zip(ones, others).allSatisfy { $0.isNearly($1) }
        case (.object(let ones), .object(let others)):
            ones.keys == others.keys && ones.allSatisfy { key, one in others[key].map(one.isNearly) ?? false }
        default: self == other
        }
    }
}
