import SmithKit
import SwiftUI

/// Whether pushes can reach this phone, as the server sees it.
struct HealthSection: View {
    let health: Health

    var body: some View {
        Section {
            ForEach(health.facts) { fact in
                LabeledContent(fact.label) {
                    Text(fact.value).foregroundStyle(fact.isGood ? Color.secondary : .red)
                }
            }
        } header: {
            Text("Reception")
        } footer: {
            if let fault = health.fault { Text(fault) }
        }
    }
}
