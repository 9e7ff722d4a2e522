import Foundation

/// When a push last arrived: the app shows it in Settings, where people look when nothing rings.
enum Reception {
    static func note(at moment: Date = .now) {
        guard let group = Bundle.main.object(forInfoDictionaryKey: "SmithAppGroup") as? String else { return }
        UserDefaults(suiteName: group)?.set(moment.timeIntervalSince1970, forKey: "last_push_at")
    }
}
