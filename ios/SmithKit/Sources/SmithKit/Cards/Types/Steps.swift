/// How many steps there are, and how many of them have begun; 0 for what is not known.
struct Steps {
    let current: Int
    let total: Int

    init(_ state: ContentState) {
        total = max(0, state.numberOfSteps ?? 0)
        let given = max(0, state.currentStep ?? 0)
        current = total > 0 ? min(given, total) : given
    }

    var fraction: Double { total > 0 ? Double(current) / Double(total) : 0 }
    var spoken: String { String(localized: "\(current) of \(total)") }
}
