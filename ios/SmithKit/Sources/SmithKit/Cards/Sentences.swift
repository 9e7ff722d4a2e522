import Foundation

/// Words for VoiceOver, which pauses at the end of a sentence.
enum Sentences {
    /// The parts, each a sentence. Those that are empty are left out.
    static func joined(_ parts: [String]) -> String {
        parts
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            .filter { !$0.isEmpty }
            .map { ends.contains($0.last ?? ".") ? $0 : $0 + "." }
            .joined(separator: " ")
    }

    private static let ends: Set<Character> = [".", "!", "?", "…"]
}
