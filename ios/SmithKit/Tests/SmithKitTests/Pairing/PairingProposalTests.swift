import Foundation
import Testing
@testable import SmithKit

@Suite struct PairingProposalTests {
    @Test(arguments: [
        ("https://push.example.com", "https://push.example.com"),
        ("push.example.com", "https://push.example.com"),
        ("  push.example.com:8443/smith/\n", "https://push.example.com:8443/smith"),
        ("192.168.1.20:8000", "https://192.168.1.20:8000"),
        ("http://192.168.1.20:8000", "http://192.168.1.20:8000"),
        ("http://[fd00::1]:8000", "http://[fd00::1]:8000"),
        ("http://[fe80::1%25en0]:8000", "http://[fe80::1%25en0]:8000"),
        ("HTTP://Smith.Local", "http://smith.local"),
        ("http://smith:8000", "http://smith:8000"),
        ("https://100.100.1.2", "https://100.100.1.2"),
    ])
    func whatIsTypedIsProposed(typed: String, server: String) throws {
        let proposal = try PairingProposal(server: typed, code: "k7qf 2m9x")
        #expect(proposal.server.description == server)
        #expect(proposal.code.text == "K7QF-2M9X")
    }

    @Test(arguments: [
        ("", "K7QF-2M9X", PairingProposal.Problem.server),
        ("ftp://push.example.com", "K7QF-2M9X", .server),
        ("https://", "K7QF-2M9X", .server),
        ("push.example.com", "K7QF-2M9", .code),
        ("http://push.example.com", "K7QF-2M9X", .unencrypted(host: "push.example.com")),
        ("http://8.8.8.8", "K7QF-2M9X", .unencrypted(host: "8.8.8.8")),
        ("http://[2001:db8::1]:8000", "K7QF-2M9X", .unencrypted(host: "2001:db8::1")),
        ("http://100.100.1.2:8000", "K7QF-2M9X", .unencryptedTailnet(host: "100.100.1.2")),
        ("http://machine.tail1234.ts.net:8000", "K7QF-2M9X", .unencryptedTailnet(host: "machine.tail1234.ts.net")),
    ])
    func whatCannotBePairedIsRefusedWithASentence(server: String, code: String, problem: PairingProposal.Problem) {
        #expect(throws: problem) { try PairingProposal(server: server, code: code) }
        #expect(problem.localizedDescription.hasSuffix("."))
    }

    @Test func aLinkIsHeldToTheSameRules() throws {
        func link(_ server: String) throws -> URL {
            try #require(URL(string: "activitysmith://pair?server=\(server)&code=K7QF-2M9X"))
        }
        #expect(try PairingProposal(link: link("http%3A%2F%2F192.168.1.20%3A8000")).server.description == "http://192.168.1.20:8000")
        #expect(throws: PairingProposal.Problem.unencrypted(host: "push.example.com")) {
            try PairingProposal(link: link("http%3A%2F%2Fpush.example.com"))
        }
        #expect(throws: PairingLink.Problem.server("")) { try PairingProposal(link: link("")) }
    }
}
