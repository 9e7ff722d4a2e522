import Foundation
import SmithKit

extension TokenReport {
    /// What this build says of itself, before Apple has given it a token.
    static var ofThisApp: TokenReport {
        let system = ProcessInfo.processInfo.operatingSystemVersion
        return TokenReport(
            environment: .ofThisBuild(), bundleID: Bundle.main.bundleIdentifier,
            osVersion: "\(system.majorVersion).\(system.minorVersion)", contentVersion: ContentState.contentVersion
        )
    }
}

extension TokenReport.Environment {
    /// Which of Apple's environments gives out this build's tokens. The signature tells: `sandbox` if it was signed for
    /// development, `production` for TestFlight, the App Store, ad hoc and enterprise builds.
    static func ofThisBuild(in bundle: Bundle = .main) -> TokenReport.Environment {
        #if targetEnvironment(simulator)
            return .sandbox
        #else
            // Builds of the App Store and of TestFlight carry no profile.
            guard let url = bundle.url(forResource: "embedded", withExtension: "mobileprovision"),
                let data = try? Data(contentsOf: url), let profile = String(data: data, encoding: .isoLatin1),
                let key = profile.range(of: "<key>aps-environment</key>")
            else { return .production }
            // The profile is a signed file with a property list in its middle.
            let value = profile[key.upperBound...].drop(while: \.isWhitespace)
            return value.hasPrefix("<string>development</string>") ? .sandbox : .production
        #endif
    }
}
