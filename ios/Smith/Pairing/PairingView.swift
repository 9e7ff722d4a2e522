import SmithKit
import SwiftUI

/// The first screen: a QR code is quicker, a typed code always works.
struct PairingView: View {
    @Environment(Phone.self) private var phone
    @State private var isScanning = false
    @State private var scanned: URL?

    var body: some View {
        NavigationStack {
            Form {
                Section {
                    Label("Pair this phone, and it gets the notifications and Live Activities of your workspace.",
                          systemImage: "link")
                    if ScannerView.isSupported {
                        Button("Scan the QR code", systemImage: "qrcode.viewfinder") { isScanning = true }
                    }
                } footer: {
                    Text("The web admin of your server shows it under “Pair a device”.")
                }
                CodeEntrySection()
            }
            .navigationTitle("Smith")
            // The next sheet comes up once this one is gone: iOS shows one at a time.
            .sheet(isPresented: $isScanning, onDismiss: openScanned) {
                ScannerSheet { scanned = $0 }
            }
        }
    }

    private func openScanned() {
        guard let link = scanned else { return }
        scanned = nil
        phone.open(link: link)
    }
}

#Preview {
    PairingView().environment(Phone.unpaired)
}
