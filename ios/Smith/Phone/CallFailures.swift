import Foundation
import SmithKit

/// What all parts of a session do with an error of a call.
struct CallFailures: Sendable {
    /// Called when the server says that it does not know this phone.
    let unpaired: @MainActor @Sendable () async -> Void

    /// The error in a sentence for the person; nil if there is nothing to say: the task was cancelled, or the phone is about to
    /// show that it was unpaired.
    func words(for error: any Error) async -> String? {
        if error is CancellationError { return nil }
        guard error as? DeviceAPIError == .unpaired else { return error.localizedDescription }
        await unpaired()
        return nil
    }
}
