import Foundation

extension Data {
    /// Tokens as the server takes them: two digits a byte, however many bytes Apple chooses.
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
