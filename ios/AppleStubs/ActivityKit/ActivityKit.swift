@_exported import Foundation

public protocol ActivityAttributes: Decodable, Encodable {
    associatedtype ContentState: Decodable, Encodable, Hashable
}

public enum ActivityState: Codable, Hashable, Sendable { case active, ended, dismissed, stale }

public struct ActivityContent<State>: Equatable, Sendable where State: Decodable, State: Encodable, State: Hashable, State: Sendable {
    public let state: State
    public var staleDate: Date?
    public var relevanceScore: Double
    public init(state: State, staleDate: Date?, relevanceScore: Double = 0.0) {
        self.state = state
        self.staleDate = staleDate
        self.relevanceScore = relevanceScore
    }
}

public struct AlertConfiguration: Sendable {}

public struct PushType: Equatable, Sendable {
    public static let token = PushType()
    @available(iOS 18, *)
    public static func channel(_ id: String) -> PushType { PushType() }
}

public struct ActivityUIDismissalPolicy: Equatable, Sendable {
    public static let `default` = ActivityUIDismissalPolicy()
    public static let immediate = ActivityUIDismissalPolicy()
    public static func after(_ date: Date) -> ActivityUIDismissalPolicy { .default }
}

// Not Sendable: Apple's documentation does not list it.
public class Activity<Attributes>: Identifiable
where Attributes: ActivityAttributes, Attributes.ContentState: Sendable {
    public typealias ContentState = Attributes.ContentState
    public struct Sequenced<Element>: AsyncSequence {
        public struct AsyncIterator: AsyncIteratorProtocol {
            public mutating func next() async -> Element? { nil }
        }
        public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
    }

    init(attributes: Attributes) { self.attributes = attributes }
    public let id = ""
    public let attributes: Attributes
    public var content: ActivityContent<ContentState> { fatalError() }
    public var activityState: ActivityState { .active }
    public var pushToken: Data? { nil }
    public var pushTokenUpdates: Sequenced<Data> { Sequenced() }
    public var activityStateUpdates: Sequenced<ActivityState> { Sequenced() }
    public var contentUpdates: Sequenced<ActivityContent<ContentState>> { Sequenced() }

    public static var activities: [Activity<Attributes>] { [] }
    public static var activityUpdates: Sequenced<Activity<Attributes>> { Sequenced() }
    public static var pushToStartToken: Data? { nil }
    public static var pushToStartTokenUpdates: Sequenced<Data> { Sequenced() }

    public static func request(
        attributes: Attributes, content: ActivityContent<ContentState>, pushType: PushType? = nil
    ) throws -> Activity<Attributes> { fatalError() }
    public func update(
        _ content: ActivityContent<ContentState>, alertConfiguration: AlertConfiguration?, timestamp: Date
    ) async {}
    public func end(_ content: ActivityContent<ContentState>?, dismissalPolicy: ActivityUIDismissalPolicy = .default) async {}
    public func end(
        _ content: ActivityContent<ContentState>?, dismissalPolicy: ActivityUIDismissalPolicy = .default, timestamp: Date
    ) async {}
}

public final class ActivityAuthorizationInfo {
    public init() {}
    public var areActivitiesEnabled: Bool { false }
    public var frequentPushesEnabled: Bool { false }
    public var frequentPushEnablementUpdates: AsyncStream<Bool> { AsyncStream { _ in } }
    public var activityEnablementUpdates: AsyncStream<Bool> { AsyncStream { _ in } }
}

public enum ActivityAuthorizationError: Error, Sendable { case targetMaximumExceeded, globalMaximumExceeded, denied, visibility }
