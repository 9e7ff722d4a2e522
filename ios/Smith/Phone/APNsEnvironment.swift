import Foundation
import SmithKit

extension APNsEnvironment {
    /// Which of Apple's two environments this build's tokens are from. The signature tells: `sandbox` if the app was signed for
    /// development, `production` for TestFlight, the App Store, ad hoc and enterprise builds.
    static func ofThisBuild(in bundle: Bundle = .main) -> APNsEnvironment {
        #if targetEnvironment(simulator)
        return .sandbox
        #else
        // Builds of the App Store and of TestFlight carry no profile.
        guard let url = bundle.url(forResource: "embedded", withExtension: "mobileprovision"),
              let data = try? Data(contentsOf: url)
        else { return .production }
        return APNsEnvironment(provisioningProfile: data)
        #endif
    }
}
