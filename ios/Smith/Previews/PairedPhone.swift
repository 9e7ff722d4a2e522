import Foundation
import SmithKit
import SwiftUI

/// A screen of a phone that is paired with a server of samples: for previews.
struct PairedPhone<Screen: View>: View {
    @State private var phone = Phone(
        pairings: MemoryPairingStore(SampleServer.pairing), transport: SampleServer(), reports: FileReportStore.ofAPreview
    )
    @ViewBuilder let screen: (Session) -> Screen

    var body: some View {
        Group {
            if let session = phone.session { screen(session) }
        }
        .environment(phone)
        .environment(Permissions())
        .task {
            phone.loadPairing()
            await phone.session?.live.refresh()
        }
    }
}

extension Phone {
    /// One that is not paired: for previews.
    static var unpaired: Phone {
        Phone(pairings: MemoryPairingStore(), transport: SampleServer(), reports: FileReportStore.ofAPreview)
    }
}

extension FileReportStore {
    fileprivate static var ofAPreview: FileReportStore {
        FileReportStore(file: .temporaryDirectory.appending(component: UUID().uuidString))
    }
}
