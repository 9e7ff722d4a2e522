import Foundation

extension TokenReport.Environment {
    /// Which of Apple's environments gives out a build's tokens: its signature tells.
    ///
    /// - Parameter profile: the build's `embedded.mobileprovision`, a signed file with a property list in its middle. Builds of
    ///   TestFlight and the App Store carry none. One that cannot be read is taken for theirs.
    public init(provisioningProfile profile: Data?) {
        self = profile.flatMap(Self.pushEntitlement) == "development" ? .sandbox : .production
    }

    private static func pushEntitlement(of profile: Data) -> String? {
        guard let start = profile.range(of: Data("<?xml".utf8))?.lowerBound,
            let end = profile.range(of: Data("</plist>".utf8), in: start..<profile.endIndex)?.upperBound,
            let list = try? PropertyListSerialization.propertyList(from: profile[start..<end], format: nil) as? [String: Any]
        else { return nil }
        return (list["Entitlements"] as? [String: Any])?["aps-environment"] as? String
    }
}
