import Foundation

/// One execution of a webhook button: a person tapped it, and the server calls its URL.
public struct ActionRun: Decodable, Equatable, Sendable {
    public var id: String
    /// `running`, `succeeded` or `failed`; later servers may have others.
    public var state: String
    /// Why it did not succeed, as a sentence; empty if there is nothing to explain.
    public var message: String
}
