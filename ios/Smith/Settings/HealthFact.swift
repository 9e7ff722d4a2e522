import Foundation
import SmithKit

/// A line of "Reception".
struct HealthFact: Identifiable {
    let label: LocalizedStringResource
    let value: String
    var isGood = true

    var id: String { label.key }
}

extension Health {
    /// What there is to say, the most telling first.
    var facts: [HealthFact] {
        var facts: [HealthFact] = []
        if let device {
            facts.append(token("Notifications", device.pushToken))
            facts.append(token("Live Activities", device.pushToStartToken))
        }
        if let environment = device?.environment {
            facts.append(HealthFact(label: "Apple’s environment", value: environment))
        }
        facts.append(moment("Last push received", lastPush))
        if let reports, reports.owed > 0 {
            facts.append(HealthFact(label: "Not told yet", value: reports.owed.formatted(), isGood: false))
        }
        return facts
    }

    private func token(_ label: LocalizedStringResource, _ health: Device.TokenHealth) -> HealthFact {
        switch health.state {
        case "active": HealthFact(label: label, value: String(localized: "Ready"))
        case "missing": HealthFact(label: label, value: String(localized: "No token yet"), isGood: false)
        case "dead":
            HealthFact(label: label, value: String(localized: "Refused by Apple: \(health.reason ?? "")"), isGood: false)
        default: HealthFact(label: label, value: health.state)
        }
    }

    private func moment(_ label: LocalizedStringResource, _ date: Date?) -> HealthFact {
        HealthFact(label: label, value: date?.formatted(.relative(presentation: .named)) ?? String(localized: "Never"))
    }
}

extension ReportSummary {
    /// How many reports the server has not heard.
    var owed: Int {
        updateTokensOwed + dismissalsOwed + (pushToken == .owed ? 1 : 0) + (pushToStartToken == .owed ? 1 : 0)
    }
}
