import Foundation
import os

extension Logger {
    /// The app's lines in Console. They never hold a secret or a token.
    static let smith = Logger(subsystem: Bundle.main.bundleIdentifier ?? "Smith", category: "app")
}
