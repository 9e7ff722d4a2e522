import SmithKit

extension DeviceAPI {
    /// The calls of a paired phone, over the phone's own network.
    init(_ pairing: Pairing) {
        self.init(pairing, transport: URLSessionTransport())
    }
}
