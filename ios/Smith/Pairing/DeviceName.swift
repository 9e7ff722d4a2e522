import UIKit

/// What this phone may be called. iOS tells apps no more than “iPhone”, so the person is asked to say it better.
@MainActor
enum DeviceName {
    static var suggested: String { UIDevice.current.name }
}
