import Foundation
import Testing

@testable import SmithKit

/// `Fixtures/links.json`: the server's own rules are held to the same table.
@Suite struct SafeLinkTests {
    private static func links(_ name: String) throws -> [String] {
        try #require(try fixture("links").object?[name]?.array).compactMap(\.text)
    }

    @Test func aNotificationOpensWhatTheServerLetsThrough() throws {
        for link in try Self.links("any_app") {
            #expect(SafeLink.url(link, opens: .anyApp) != nil, "\(link)")
        }
    }

    @Test func aCardOpensWebPagesAndShortcutsOnly() throws {
        for link in try Self.links("web_or_shortcut") {
            #expect(SafeLink.url(link, opens: .webOrShortcut) != nil, "\(link)")
        }
        for link in try Self.links("only_any_app") {
            #expect(SafeLink.url(link, opens: .webOrShortcut) == nil, "\(link)")
        }
    }

    @Test func whatHarmsIsNotOpenedFromAnywhere() throws {
        for link in try Self.links("refused") {
            #expect(SafeLink.url(link, opens: .anyApp) == nil, "\(link)")
            #expect(SafeLink.url(link, opens: .webOrShortcut) == nil, "\(link)")
        }
        let long = "https://example.com/" + String(repeating: "a", count: 2048)
        #expect(SafeLink.url(long, opens: .anyApp) == nil)
    }

    @Test func theLinkOfACardLeadsBackToItsTarget() throws {
        for link in try Self.links("web_or_shortcut") + ["https://example.com/?a=b&c=d+e%20f#g"] {
            let target = try #require(SafeLink.url(link, opens: .webOrShortcut))
            let opening = try #require(CardLink.opening(target))
            #expect(opening.scheme == "activitysmith")
            #expect(CardLink.target(of: opening) == target)
        }
    }

    @Test(arguments: [
        "activitysmith://open", "activitysmith://open?url=", "activitysmith://open?url=javascript:alert(1)",
        "activitysmith://open?url=things:///show", "activitysmith://open?url=activitysmith://open",
        "activitysmith://pair?url=https://example.com", "https://open?url=https://example.com",
        "activitysmith://open?link=https://example.com",
    ])
    func aLinkThatAnotherAppMakesUpOpensNothing(link: String) throws {
        let url = try #require(URL(string: link))
        #expect(CardLink.target(of: url) == nil)
    }
}

@Suite struct EscapingTests {
    @Test(arguments: [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("https://example.com/%C3%A4?q=a%20b&c[]=é#ü#x", "https://example.com/%C3%A4?q=a%20b&c%5B%5D=%C3%A9#%C3%BC%23x"),
        ("https://example.com/100%/ü", "https://example.com/100%25/%C3%BC"),
        ("shortcuts://run-shortcut?name=Große Lampe", "shortcuts://run-shortcut?name=Gro%C3%9Fe%20Lampe"),
        ("mailto:ada@example.com?subject=ü", "mailto:ada@example.com?subject=%C3%BC"),
        ("https://example.com?q={a}", "https://example.com?q=%7Ba%7D"),
    ])
    func whatIsEscapedStaysAndTheRestIsEscapedOnce(text: String, url: String) {
        #expect(URL(escaping: text)?.absoluteString == url)
    }
}
