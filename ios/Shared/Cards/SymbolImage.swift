import SmithKit
import SwiftUI
import UIKit

/// An SF Symbol that a sender has named. A name that this version of iOS does not know becomes the default one.
struct SymbolImage: View {
    let name: String

    var body: some View {
        Image(systemName: UIImage(systemName: name) == nil ? CardLayout.defaultSymbol : name)
            .accessibilityHidden(true)
    }
}
