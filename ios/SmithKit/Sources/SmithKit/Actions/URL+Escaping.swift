import Foundation

extension URL {
    /// The URL that a person means who has written it with characters that belong escaped, as `ü` or `[`. What is
    /// escaped already stays so.
    ///
    /// `URL(string:)` escapes such characters, too, but with them the `%` of what is escaped already.
    init?(escaping text: String) {
        if let url = URL(string: text, encodingInvalidCharacters: false) {
            self = url
            return
        }
        let authorityEnd = Self.authorityEnd(of: text)
        // Names of hosts have an escaping of their own, which Foundation knows.
        self.init(string: text[..<authorityEnd] + Self.escaped(text[authorityEnd...]))
    }

    private static func authorityEnd(of text: String) -> String.Index {
        guard let start = text.range(of: "://")?.upperBound else { return text.firstIndex(of: ":") ?? text.startIndex }
        return text[start...].firstIndex { "/?#".contains($0) } ?? text.endIndex
    }

    private static func escaped(_ rest: Substring) -> String {
        let bytes = Array(rest.utf8)
        var isInFragment = false
        var written = ""
        for (place, byte) in bytes.enumerated() {
            let isFirstHash = byte == UInt8(ascii: "#") && !isInFragment
            let isEscape = byte == UInt8(ascii: "%") && bytes[(place + 1)...].prefix(2).filter(isHexadecimal).count == 2
            if isFirstHash || isEscape || allowed.contains(byte) {
                written.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                written += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
            isInFragment = isInFragment || isFirstHash
        }
        return written
    }

    /// What may stand in a path, a query and a fragment (RFC 3986, 3.3 to 3.5).
    private static let allowed = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?".utf8)

    private static func isHexadecimal(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
}
