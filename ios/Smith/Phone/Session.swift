import Foundation
import SmithKit

/// Everything that belongs to one pairing, and ends with it.
@MainActor
final class Session {
    let pairing: Pairing
    let inbox: Inbox
    let live: LiveState
    let health: Health
    let test: TestPush
    private let api: DeviceAPI
    private let reporter: Reporter
    private let unpaired: () async -> Void

    /// - Parameter unpaired: called when the server says that it does not know this phone.
    init(pairing: Pairing, unpaired: @escaping () async -> Void) {
        self.pairing = pairing
        self.unpaired = unpaired
    }
}
