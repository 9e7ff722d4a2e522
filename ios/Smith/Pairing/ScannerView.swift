import SwiftUI
import VisionKit

/// The camera, which looks for one kind of QR code: a link that pairs.
struct ScannerView: UIViewControllerRepresentable {
    static var isSupported: Bool { DataScannerViewController.isSupported }

    let found: (URL) -> Void

    func makeUIViewController(context: Context) -> DataScannerViewController {
        let scanner = DataScannerViewController(
            recognizedDataTypes: [.barcode(symbologies: [.qr])], isHighFrameRateTrackingEnabled: false,
            isHighlightingEnabled: true
        )
        scanner.delegate = context.coordinator
        return scanner
    }

    func updateUIViewController(_ scanner: DataScannerViewController, context: Context) {
        context.coordinator.found = found
        guard !scanner.isScanning else { return }
        // Refused while another app has the camera. The code can be typed then, and the view is empty.
        try? scanner.startScanning()
    }

    static func dismantleUIViewController(_ scanner: DataScannerViewController, coordinator: Coordinator) {
        scanner.stopScanning()
    }

    func makeCoordinator() -> Coordinator { Coordinator(found: found) }

    @MainActor
    final class Coordinator: NSObject, DataScannerViewControllerDelegate {
        var found: (URL) -> Void

        init(found: @escaping (URL) -> Void) { self.found = found }

        func dataScanner(
            _ dataScanner: DataScannerViewController, didAdd addedItems: [RecognizedItem], allItems: [RecognizedItem]
        ) {
            for case .barcode(let code) in addedItems {
                guard let url = code.payloadStringValue.flatMap(URL.init(string:)), url.scheme?.lowercased() == "activitysmith" else {
                    continue
                }
                dataScanner.stopScanning()
                return found(url)
            }
        }
    }
}
