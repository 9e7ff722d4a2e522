import Foundation
import os

extension Logger {
    /// The app's lines in Console. They never hold a secret or a token, so what they say is public.
    static let smith = Logger(subsystem: Bundle.main.bundleIdentifier ?? "Smith", category: "app")
}
