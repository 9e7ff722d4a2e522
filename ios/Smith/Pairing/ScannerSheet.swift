import AVFoundation
import SwiftUI

/// The scanner with a way back, or the way to Settings if the camera is not allowed.
struct ScannerSheet: View {
    @Environment(\.dismiss) private var dismiss
    @State private var isAllowed: Bool?
    let found: (URL) -> Void

    var body: some View {
        NavigationStack {
            content
                .navigationTitle("Scan the QR code")
                .toolbar {
                    ToolbarItem(placement: .cancellationAction) { Button("Cancel") { dismiss() } }
                }
        }
        // Asks once; later it answers at once with what was said then.
        .task { isAllowed = await AVCaptureDevice.requestAccess(for: .video) }
    }

    @ViewBuilder private var content: some View {
        switch isAllowed {
        case nil:
            ProgressView()
        case true?:
            ScannerView { url in
                found(url)
                dismiss()
            }
            .ignoresSafeArea(edges: .bottom)
        case false?:
            ContentUnavailableView {
                Label("The camera is not allowed", systemImage: "camera")
            } description: {
                Text("Allow it in Settings, or type the code.")
            } actions: {
                SettingsButton()
            }
        }
    }
}
