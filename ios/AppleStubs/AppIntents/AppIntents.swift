@_exported import Foundation

public protocol IntentResult: Sendable {}
public protocol ProvidesDialog {}
public struct IntentResultContainer: IntentResult, ProvidesDialog {}

extension IntentResult where Self == IntentResultContainer {
    public static func result() -> IntentResultContainer { .init() }
    public static func result(dialog: IntentDialog) -> IntentResultContainer { .init() }
}

public struct IntentDialog: ExpressibleByStringInterpolation, Sendable {
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: LocalizedStringResource.StringInterpolation) {}
    public init(_ resource: LocalizedStringResource) {}
}

public struct IntentDescription: ExpressibleByStringLiteral, Sendable {
    public init(stringLiteral value: String) {}
    public init(_ descriptionText: LocalizedStringResource) {}
}

public protocol PersistentlyIdentifiable {}

public protocol AppIntent: PersistentlyIdentifiable, Sendable {
    associatedtype PerformResult: IntentResult
    static var title: LocalizedStringResource { get }
    static var isDiscoverable: Bool { get }
    static var openAppWhenRun: Bool { get }
    init()
    func perform() async throws -> PerformResult
}

extension AppIntent {
    public static var isDiscoverable: Bool { true }
    public static var openAppWhenRun: Bool { false }
}

public protocol LiveActivityIntent: AppIntent {}
public protocol WidgetConfigurationIntent: AppIntent {}

extension WidgetConfigurationIntent {
    public func perform() async throws -> some IntentResult { IntentResultContainer() }
}

public protocol _IntentValue: Sendable {}
extension String: _IntentValue {}
extension Optional: _IntentValue where Wrapped: _IntentValue {}

@propertyWrapper
public final class IntentParameter<Value: _IntentValue>: @unchecked Sendable {
    public init(title: LocalizedStringResource) {}
    public var wrappedValue: Value { get { fatalError() } set {} }
}

extension AppIntent {
    public typealias Parameter = IntentParameter
}

public protocol InstanceDisplayRepresentable {}

public struct TypeDisplayRepresentation: Sendable {
    public init(name: LocalizedStringResource) {}
}

public struct DisplayRepresentation: Sendable {
    public init(title: LocalizedStringResource) {}
}

public protocol AppEntity: Identifiable, Sendable, _IntentValue where ID == String {
    associatedtype DefaultQuery: EntityQuery where DefaultQuery.Entity == Self
    static var typeDisplayRepresentation: TypeDisplayRepresentation { get }
    static var defaultQuery: DefaultQuery { get }
    var displayRepresentation: DisplayRepresentation { get }
}

public protocol EntityQuery: Sendable {
    associatedtype Entity: AppEntity
    init()
    func entities(for identifiers: [Entity.ID]) async throws -> [Entity]
    func suggestedEntities() async throws -> [Entity]
}

public struct AppShortcutPhrase<Intent: AppIntent>: ExpressibleByStringInterpolation, Sendable {
    public enum Token: Sendable { case applicationName }
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        public init(literalCapacity: Int, interpolationCount: Int) {}
        public mutating func appendLiteral(_ literal: String) {}
        public mutating func appendInterpolation(_ token: Token) {}
    }
    public init(stringLiteral value: String) {}
    public init(stringInterpolation: StringInterpolation) {}
}

public struct AppShortcut: Sendable {
    public init<Intent: AppIntent>(
        intent: Intent, phrases: [AppShortcutPhrase<Intent>], shortTitle: LocalizedStringResource, systemImageName: String
    ) {}
}

@resultBuilder
public enum AppShortcutsBuilder {
    public static func buildBlock(_ components: AppShortcut...) -> [AppShortcut] { components }
}

public protocol AppShortcutsProvider {
    @AppShortcutsBuilder static var appShortcuts: [AppShortcut] { get }
}
