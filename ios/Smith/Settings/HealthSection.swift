import SmithKit
import SwiftUI

/// Whether pushes can reach this phone, as the server sees it.
struct HealthSection: View {
    let health: Health

    var body: some View {
        Section {
            ForEach(health.facts) { fact in
                LabeledContent {
                    Text(fact.value).foregroundStyle(fact.isGood ? Color.secondary : .red)
                } label: {
                    Text(fact.label)
                }
            }
        } header: {
            Text("Reception")
        } footer: {
            if let fault = health.fault { Text(fault) }
        }
    }
}
