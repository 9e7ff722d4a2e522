import ActivityKit
import Foundation
import SmithKit

/// A Live Activity of this server as iOS has it.
typealias Card = Activity<ActivitySmithAttributes>

extension Activity where Attributes == ActivitySmithAttributes {
    /// The activity's identifier on the server.
    var activityID: String { attributes.activityID }

    /// On the Lock Screen and still open: what the person has removed is `dismissed`, what is over is `ended`.
    var isRunning: Bool { activityState == .active || activityState == .stale }
}
