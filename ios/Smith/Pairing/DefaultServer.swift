import Foundation

/// The server that is proposed to people who type a code: `SMITH_DEFAULT_SERVER` of `Config.xcconfig`, empty unless set.
enum DefaultServer {
    static let text = Bundle.main.object(forInfoDictionaryKey: "SmithDefaultServer") as? String ?? ""
}
