import os

extension Logger {
    /// The app's lines in Console. They never hold a secret or a token.
    static let smith = Logger(subsystem: "com.example.smith", category: "app")
}
