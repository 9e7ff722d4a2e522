import SmithKit

extension MetricBoard {
    /// That of this phone's pairing. The app and the widgets share its file.
    static let ofThisPhone = MetricBoard(
        pairings: KeychainPairingStore(), transport: URLSessionTransport(),
        file: AppGroup.folder.appending(component: "metrics.json")
    )
}
