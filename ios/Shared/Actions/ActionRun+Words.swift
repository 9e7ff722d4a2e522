import Foundation
import SmithKit

extension ActionRun {
    /// What became of it, in a sentence.
    var words: String {
        switch state {
        case .running: String(localized: "It is under way; the server goes on with it.")
        case .succeeded: String(localized: "Done.")
        case .failed: message.isEmpty ? String(localized: "It did not work.") : message
        }
    }
}
