import Foundation
import Testing
@testable import SmithKit

@Suite struct SampleTests {
    @Test func thereIsACardOfEachType() {
        #expect(SampleCards.all.map(\.type).sorted() == CardTypes.all.map { $0.name }.sorted())
    }

    @Test(arguments: SampleCards.all)
    func aCardHasOnlyWhatItsTypeShows(state: ContentState) {
        let layout = CardLayout(state: state)
        #expect(state.unknown.isEmpty)
        #expect(!layout.title.isEmpty)
        #expect(layout.buttons.count == [state.action, state.secondaryAction].count { $0 != nil })
        #expect(!layout.accessibilityLabel.contains("not known"))
    }

    @Test func aPhoneReadsAllOfItsAnswers() async throws {
        let api = DeviceAPI(try #require(SampleServer.pairing), transport: SampleServer())
        let state = try await api.state()
        #expect(state.activities.count == SampleCards.all.count)
        #expect(state.device?.state == "ready")
        // None of them is for the app to start: a preview must put nothing on a screen.
        #expect(CatchUp.plan(answer: state, onScreen: []).allSatisfy { if case .leave = $0 { true } else { false } })
        let notifications = try await api.notifications().notifications
        #expect(notifications.count == 3)
        #expect(notifications.allSatisfy { $0.createdAt != nil })
        #expect(notifications.flatMap(\.content.buttons).count == 2)
        #expect(try await api.metrics().count == SampleServer.metrics.count)
        #expect(try await api.sendTestNotification().isTaken)
        #expect(try await ActionRunner(api).run(actionID: "a1").state == .succeeded)
        try await api.unpair()
    }
}
