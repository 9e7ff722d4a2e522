import Foundation
import Testing
@testable import SmithKit

@Suite struct ServerAddressTests {
    @Test(arguments: [
        ("https://push.example.com", "https://push.example.com"),
        ("  https://push.example.com/\n", "https://push.example.com"),
        ("HTTPS://Push.Example.COM", "https://push.example.com"),
        ("https://push.example.com/smith/", "https://push.example.com/smith"),
        ("https://push.example.com:8443", "https://push.example.com:8443"),
        ("http://192.168.1.20:8000", "http://192.168.1.20:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[fd00::1]/a/b", "http://[fd00::1]/a/b"),
        ("http://smith.local", "http://smith.local"),
        ("https://ada:secret@push.example.com?x=1#y", "https://push.example.com"),
        ("https://push.example.com/with%20space", "https://push.example.com/with%20space"),
    ])
    func everyFormOfAServersAddressIsTaken(text: String, address: String) {
        #expect(ServerAddress(text)?.description == address)
    }

    @Test(arguments: [
        "", "push.example.com", "ftp://push.example.com", "javascript:alert(1)", "file:///etc/passwd", "https://", "https:///api",
        "activitysmith://pair", "https://push.example.com:0", "https://push.example.com:99999", "https:push.example.com",
        "https://" + String(repeating: "a", count: 3000),
    ])
    func whatIsNoWebAddressIsRefused(text: String) {
        #expect(ServerAddress(text) == nil)
    }

    @Test(arguments: [
        ("https://push.example.com", "https://push.example.com/api/device/actions/a%2Fb%3Fc%20%C3%A9%2B/run?after=x%26y%3Dz%2B1"),
        ("http://[::1]:8000/smith", "http://[::1]:8000/smith/api/device/actions/a%2Fb%3Fc%20%C3%A9%2B/run?after=x%26y%3Dz%2B1"),
    ])
    func whatIsInAPathOrAQueryStaysWhatItIs(server: String, url: String) throws {
        let address = try #require(ServerAddress(server))
        let endpoint = address.endpoint(["device", "actions", "a/b?c é+", "run"], query: ["after": "x&y=z+1"])
        #expect(endpoint?.absoluteString == url)
    }

    @Test func itSurvivesARoundTripAndNothingElseDoes() throws {
        let kept = try JSONEncoder().encode([aServer])
        #expect(try JSONDecoder().decode([ServerAddress].self, from: kept) == [aServer])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ServerAddress].self, from: Data(#"["ftp://push.example.com"]"#.utf8))
        }
    }
}
