import Foundation
import SmithKit

extension TokenReport {
    /// What this build says of itself, before Apple has given it a token.
    static var ofThisApp: TokenReport {
        let system = ProcessInfo.processInfo.operatingSystemVersion
        return TokenReport(
            environment: .ofThisBuild, bundleID: Bundle.main.bundleIdentifier,
            osVersion: "\(system.majorVersion).\(system.minorVersion)", contentVersion: ContentState.contentVersion
        )
    }
}

extension TokenReport.Environment {
    fileprivate static var ofThisBuild: TokenReport.Environment {
        #if targetEnvironment(simulator)
            return .sandbox
        #else
            let profile = Bundle.main.url(forResource: "embedded", withExtension: "mobileprovision")
            return TokenReport.Environment(provisioningProfile: profile.flatMap { try? Data(contentsOf: $0) })
        #endif
    }
}
