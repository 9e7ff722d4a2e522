// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "SmithKit",
    platforms: [.iOS("17.2"), .macOS(.v14)],
    products: [
        .library(name: "SmithKit", targets: ["SmithKit"])
    ],
    targets: [
        .target(name: "SmithKit"),
        // The kit as a phone, without a screen: tests/swift drives it against a real server.
        .executableTarget(name: "smith-phone", dependencies: ["SmithKit"], path: "Tests/SmithPhone"),
        .testTarget(name: "SmithKitTests", dependencies: ["SmithKit"], resources: [.copy("Fixtures")]),
    ],
    swiftLanguageModes: [.v6]
)
