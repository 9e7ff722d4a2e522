import SmithKit
import SwiftUI

extension Color {
    /// One of the sender's ten colors, in the shade for the ground that it stands on: `CardColors.xcassets`.
    init(card color: CardColor) {
        self.init("card-" + color.rawValue)
    }
}
