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
        .testTarget(name: "SmithKitTests", dependencies: ["SmithKit"], resources: [.copy("Fixtures")]),
    ],
    swiftLanguageModes: [.v6]
)
