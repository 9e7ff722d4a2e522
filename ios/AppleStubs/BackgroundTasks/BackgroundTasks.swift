@_exported import Foundation

open class BGTaskRequest: NSObject {
    public var earliestBeginDate: Date? { get { nil } set {} }
}

public final class BGAppRefreshTaskRequest: BGTaskRequest {
    public init(identifier: String) {}
}

public final class BGTaskScheduler: NSObject, Sendable {
    public class var shared: BGTaskScheduler { BGTaskScheduler() }
    public func submit(_ taskRequest: BGTaskRequest) throws {}
}
