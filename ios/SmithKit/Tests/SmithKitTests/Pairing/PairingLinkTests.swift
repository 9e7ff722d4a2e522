import Foundation
import Testing
@testable import SmithKit

@Suite struct PairingLinkTests {
    @Test(arguments: [
        ("activitysmith://pair?server=https%3A%2F%2Fpush.example.com&code=K7QF-2M9X", "https://push.example.com"),
        ("activitysmith://pair?code=k7qf2m9x&server=https%3A%2F%2Fpush.example.com%2Fsmith%2F", "https://push.example.com/smith"),
        ("ActivitySmith://Pair?server=http%3A%2F%2F192.168.1.20%3A8000&code=K7QF%202M9X&theme=dark", "http://192.168.1.20:8000"),
        ("activitysmith://pair?server=http%3A%2F%2F%5B%3A%3A1%5D%3A8000&code=K7QF-2M9X", "http://[::1]:8000"),
        (" activitysmith://pair/?server=https://push.example.com&code=K7QF-2M9X\n", "https://push.example.com"),
    ])
    func aLinkNamesAServerAndACode(text: String, server: String) throws {
        let link = try PairingLink(text: text)
        #expect(link.server.description == server)
        #expect(link.code.text == "K7QF-2M9X")
    }

    @Test(arguments: [
        ("https://push.example.com", PairingLink.Problem.otherLink),
        ("activitysmith://open?url=https%3A%2F%2Fexample.com", .otherLink),
        ("WIFI:T:WPA;S:guests;P:secret;;", .otherLink),
        ("", .otherLink),
        ("activitysmith://pair", .server("")),
        ("activitysmith://pair?server=&code=K7QF-2M9X", .server("")),
        ("activitysmith://pair?server=ftp%3A%2F%2Fpush.example.com&code=K7QF-2M9X", .server("ftp://push.example.com")),
        ("activitysmith://pair?server=javascript%3Aalert(1)&code=K7QF-2M9X", .server("javascript:alert(1)")),
        ("activitysmith://pair?server=push.example.com&code=K7QF-2M9X", .server("push.example.com")),
        ("activitysmith://pair?server=https%3A%2F%2Fpush.example.com&code=K7QF-2M9", .code("K7QF-2M9")),
        ("activitysmith://pair?server=https%3A%2F%2Fpush.example.com", .code("")),
    ])
    func whatIsNoPairingLinkIsRefusedWithASentence(text: String, problem: PairingLink.Problem) {
        #expect(throws: problem) { try PairingLink(text: text) }
        #expect(problem.localizedDescription.hasSuffix("."))
    }

    @Test func theSentenceNamesAServerThatIsNone() {
        let long = PairingLink.Problem.server("ftp://" + String(repeating: "a", count: 5000))
        #expect(long.localizedDescription.contains("ftp://aaa"))
        #expect(long.localizedDescription.contains("https:// or http://"))
        #expect(long.localizedDescription.count < 300)
    }
}

@Suite struct PairingCodeTests {
    @Test(arguments: ["K7QF-2M9X", "k7qf2m9x", " k7qf 2m9x ", "K-7-Q-F-2-M-9-X", "K7QF–2M9X"])
    func letterCaseSpacesAndHyphensDoNotMatter(text: String) {
        #expect(PairingCode(text: text)?.text == "K7QF-2M9X")
    }

    @Test(arguments: ["", "K7QF", "K7QF-2M9XA", "ÄÖÜß-2M9X", String(repeating: "K", count: 1_000_000)])
    func whatHasNotEightLettersAndDigitsIsNoCode(text: String) {
        #expect(PairingCode(text: text) == nil)
    }
}
