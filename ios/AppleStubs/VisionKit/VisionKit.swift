import UIKit
@_exported import Vision

public enum RecognizedItem: Sendable {
    public struct Barcode: Sendable {
        public var payloadStringValue: String? { nil }
    }
    public struct Text: Sendable {}
    case text(Text)
    case barcode(Barcode)
}

@MainActor
public protocol DataScannerViewControllerDelegate: AnyObject {
    func dataScanner(
        _ dataScanner: DataScannerViewController, didAdd addedItems: [RecognizedItem], allItems: [RecognizedItem])
}

@MainActor
public final class DataScannerViewController: UIViewController {
    public struct RecognizedDataType: Hashable, Sendable {
        public static func barcode(symbologies: [VNBarcodeSymbology] = []) -> RecognizedDataType { .init() }
    }
    public enum QualityLevel: Sendable { case balanced, fast, accurate }

    public static var isSupported: Bool { false }
    public static var isAvailable: Bool { false }
    public var isScanning: Bool { false }
    public weak var delegate: (any DataScannerViewControllerDelegate)?
    public init(
        recognizedDataTypes: Set<RecognizedDataType>, qualityLevel: QualityLevel = .balanced,
        recognizesMultipleItems: Bool = false, isHighFrameRateTrackingEnabled: Bool = true, isPinchToZoomEnabled: Bool = true,
        isGuidanceEnabled: Bool = true, isHighlightingEnabled: Bool = false
    ) {}
    public func startScanning() throws {}
    public func stopScanning() {}
}
