import Testing
@testable import SmithKit

@Suite struct HostKindTests {
    @Test(arguments: [
        "smith", "localhost", "smith.local", "SMITH.Local", "macbook-pro", "rack2",
        "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.20", "127.0.0.1", "169.254.3.4",
        "::1", "[::1]", "fd00::1", "[fd12:3456::1]", "fc00::", "fe80::1", "febf::1", "fe80::1%25en0", "[FE80::1%en0]",
        // Of Tailscale's, too, but within the private range.
        "fd7a:115c:a1e0::1",
    ])
    func whatIsInThePhonesOwnNetworkIsLocal(host: String) {
        #expect(HostKind(host: host) == .local)
    }

    @Test(arguments: ["100.64.0.1", "100.100.100.100", "100.127.255.255", "machine.tail1234.ts.net", "Machine.Tail1234.TS.net"])
    func whatTailscaleGivesIsATailnets(host: String) {
        #expect(HostKind(host: host) == .tailnet)
    }

    @Test(arguments: [
        "push.example.com", "local.example.com", "smith.local.", "smithlocal.net", "notts.net", "ts.net",
        "8.8.8.8", "9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1", "192.169.1.1", "100.63.255.255",
        "100.128.0.0", "169.253.0.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "[2606:4700::1111]", "::", "fbff::1", "fec0::1",
        // Addresses in other spellings, and what only looks like one.
        "134744072", "10.1", "192.168.1.256", "192.168.1.1.1", "0x8080808", "192.168.1.0x1", "::ffff:192.168.1.20", "fd00::g", ":", "",
    ])
    func everythingElseIsRemote(host: String) {
        #expect(HostKind(host: host) == .remote)
    }
}
