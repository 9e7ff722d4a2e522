import Foundation

/// Where a server is, as far as its host tells: whether iOS lets the app use `http` to it.
///
/// App Transport Security refuses `http`. `NSAllowsLocalNetworking` of `Info.plist` excepts, by Apple's words, "unqualified
/// domains, `.local` domains, and IP addresses". Developers report that of the addresses it excepts those of private networks
/// only, and neither public ones nor Tailscale's. No iPhone has shown us either.
enum HostKind: Equatable {
    /// In the phone's own network: a name without a dot, a `.local` name, or an address of a private network.
    case local
    /// In a network of Tailscale's: an address of its range, or a name that it gives.
    case tailnet
    /// Anywhere else.
    case remote

    /// - Parameter host: a name or an address. One of IPv6 may stand in brackets, and name its zone.
    init(host: String) {
        let host = host.lowercased()
        if host.contains(":") {
            self = IPv6.bytes(of: host).map(IPv6.isPrivate) == true ? .local : .remote
        } else if IPv4.isMeant(by: host) {
            self = IPv4.bytes(of: host).map(IPv4.kind) ?? .remote
        } else if host.hasSuffix(".ts.net") {
            self = .tailnet
        } else {
            self = !host.contains(".") || host.hasSuffix(".local") ? .local : .remote
        }
    }
}

private enum IPv4 {
    /// Whether a host is an address rather than a name, if perhaps none that can be read (WHATWG URL, 3.5, "ends in a number").
    static func isMeant(by host: String) -> Bool {
        let last = host.split(separator: ".").last ?? ""
        return last.allSatisfy(\.isWholeNumber) || last.hasPrefix("0x")
    }

    /// Of four decimal numbers. There are other spellings, of which it is not known what iOS makes of them.
    static func bytes(of host: String) -> [UInt8]? {
        var address = in_addr()
        guard inet_pton(AF_INET, host, &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    static func kind(_ bytes: [UInt8]) -> HostKind {
        switch (bytes[0], bytes[1]) {
        // RFC 1918; RFC 1122, 3.2.1.3, of the phone itself; RFC 3927, given out by no router.
        case (10, _), (172, 16...31), (192, 168), (127, _), (169, 254): .local
        // 100.64.0.0/10 of RFC 6598: carriers use it, too, but for no server.
        case (100, 64...127): .tailnet
        default: .remote
        }
    }
}

private enum IPv6 {
    static func bytes(of host: String) -> [UInt8]? {
        let written = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).prefix { $0 != "%" }
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(written), &address) == 1 else { return nil }
        return withUnsafeBytes(of: &address) { Array($0) }
    }

    /// fc00::/7 of RFC 4193, fe80::/10 of RFC 4291, or ::1.
    static func isPrivate(_ bytes: [UInt8]) -> Bool {
        bytes[0] & 0xfe == 0xfc || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) || bytes == Array(repeating: 0, count: 15) + [1]
    }
}
