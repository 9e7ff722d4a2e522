@_exported import Foundation

public protocol UIApplicationDelegate: NSObjectProtocol {}

@MainActor
open class UIApplication: NSObject {
    public struct LaunchOptionsKey: Hashable, Sendable {}
    public struct OpenExternalURLOptionsKey: Hashable, Sendable {}
    public class var shared: UIApplication { fatalError() }
    public nonisolated static let openSettingsURLString = ""
    public nonisolated static let openNotificationSettingsURLString = ""
    open func registerForRemoteNotifications() {}
    open func open(_ url: URL, options: [OpenExternalURLOptionsKey: Any] = [:]) async -> Bool { false }
    open func beginBackgroundTask(
        withName taskName: String?, expirationHandler handler: (@MainActor @Sendable () -> Void)? = nil
    ) -> UIBackgroundTaskIdentifier { UIBackgroundTaskIdentifier(rawValue: 0) }
    open func endBackgroundTask(_ identifier: UIBackgroundTaskIdentifier) {}
}

public struct UIBackgroundTaskIdentifier: Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let invalid = UIBackgroundTaskIdentifier(rawValue: 0)
}

@MainActor
open class UIDevice: NSObject {
    public class var current: UIDevice { fatalError() }
    open var name: String { "" }
    open var systemVersion: String { "" }
}

@MainActor
open class UIResponder: NSObject {}
@MainActor
open class UIViewController: UIResponder {}
public final class UIImage: NSObject, @unchecked Sendable {
    public convenience init?(systemName name: String) { self.init() }
}
