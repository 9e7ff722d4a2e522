import Foundation
import Testing
@testable import SmithKit

@Suite struct SigningTests {
    /// As Apple writes one: a signature around a property list. The bytes before and after are no text.
    private static func profile(_ entitlements: String, name: String = "Smith") -> Data? {
        let list = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
            <plist version="1.0"><dict>
            <key>Name</key><string>\(name)</string>
            <key>Entitlements</key><dict>\(entitlements)</dict>
            </dict></plist>
            """
        return Data([0x30, 0x82, 0xff, 0x00, 0x80]) + Data(list.utf8) + Data([0x00, 0xfe, 0x3c, 0x3f])
    }

    @Test(arguments: [
        ("signed by Xcode", profile("<key>aps-environment</key><string>development</string>"), TokenReport.Environment.sandbox),
        ("ad hoc or enterprise", profile("<key>aps-environment</key>\n\t<string>production</string>"), .production),
        ("another entitlement of development", profile("<key>icloud</key><string>development</string>"), .production),
        ("without pushes", profile("<key>get-task-allow</key><true/>"), .production),
        ("a name that looks like the entitlement",
         profile("<key>aps-environment</key><string>production</string>", name: "aps-environment development"), .production),
        ("no profile: TestFlight and the App Store", nil, .production),
        ("an empty file", Data(), .production),
        ("no property list", Data("<?xml nothing".utf8), .production),
        ("a torn property list", Data("<?xml version=\"1.0\"?><plist><dict></plist>".utf8), .production),
    ])
    func theSignatureTellsTheEnvironment(_: String, profile: Data?, environment: TokenReport.Environment) {
        #expect(TokenReport.Environment(provisioningProfile: profile) == environment)
    }
}
