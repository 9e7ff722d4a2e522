// What Apple's Foundation has and the one for Linux has not. The checks import this module everywhere, as Apple's `Foundation`
// brings it along.
@_exported import Foundation
@_exported import FoundationNetworking

public struct LocalizedStringResource: ExpressibleByStringInterpolation, Sendable, Equatable {
    public let key = ""
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: String.LocalizationValue.StringInterpolation) {}
}

extension String {
    public struct LocalizationValue: ExpressibleByStringInterpolation, Sendable, Equatable {
        public init(_ value: String) {}
        public init(stringLiteral value: String) {}
        public init(stringInterpolation: StringInterpolation) {}

        public struct StringInterpolation: StringInterpolationProtocol, Sendable {
            public init(literalCapacity: Int, interpolationCount: Int) {}
            public mutating func appendLiteral(_ literal: String) {}
            public mutating func appendInterpolation(_ string: String) {}
            public mutating func appendInterpolation(_ resource: LocalizedStringResource) {}
            public mutating func appendInterpolation<T: BinaryInteger>(_ value: T) {}
            public mutating func appendInterpolation<T: BinaryFloatingPoint>(_ value: T) {}
            public mutating func appendInterpolation(_ string: Substring) {}
        }
    }

    public init(localized keyAndValue: LocalizationValue, comment: StaticString? = nil) { self.init() }
    public init(localized resource: LocalizedStringResource) { self.init() }
}

public protocol CustomLocalizedStringResourceConvertible {
    var localizedStringResource: LocalizedStringResource { get }
}

extension FileManager {
    public func containerURL(forSecurityApplicationGroupIdentifier groupIdentifier: String) -> URL? { nil }
}

extension URL {
    public static var applicationSupportDirectory: URL { URL(fileURLWithPath: "") }
}
