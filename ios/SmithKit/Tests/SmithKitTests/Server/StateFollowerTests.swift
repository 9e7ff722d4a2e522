import Foundation
import Testing
@testable import SmithKit

@Suite struct StateFollowerTests {
    func state(_ version: String) -> DeviceState {
        DeviceState(fields: ["live_activities": [], "version": .string(version)])!
    }

    /// Answers as the script says, one after the other, and then that the phone was unpaired. Each answer takes so many
    /// seconds of the clock.
    actor Script {
        private var answers: [Result<DeviceState, DeviceAPIError>]
        private(set) var asked: [String?] = []
        nonisolated let clock: Clock

        init(_ answers: [Result<DeviceState, DeviceAPIError>], seconds: TimeInterval = 25) {
            self.answers = answers
            clock = Clock(step: seconds)
        }

        func answer(_ version: String?) throws -> DeviceState {
            asked.append(version)
            clock.advance()
            return try answers.isEmpty ? Result<DeviceState, DeviceAPIError>.failure(.unpaired).get() : answers.removeFirst().get()
        }
    }

    final class Clock: @unchecked Sendable {
        // Guarded by `lock`.
        private var seconds: TimeInterval = 0
        private let step: TimeInterval
        private let lock = NSLock()

        init(step: TimeInterval) { self.step = step }
        var now: Date { lock.withLock { moment(seconds) } }
        func advance() { lock.withLock { seconds += step } }
    }

    func news(_ script: Script, _ pauses: Pauses = Pauses()) async -> [StateFollower.News] {
        // Slow enough for no news to be replaced by newer ones: a pause waits until the reader has read.
        let turn = Turn()
        var policy = pauses.policy(firstPause: 1, longestPause: 30)
        let counted = policy.sleep
        policy.sleep = { pause in
            try await counted(pause)
            await turn.wait()
        }
        let follower = StateFollower(pauses: policy, now: { script.clock.now }) { try await script.answer($0) }
        var all: [StateFollower.News] = []
        for await news in follower.news() {
            all.append(news)
            await turn.pass()
        }
        return all
    }

    @Test func eachChangeIsNews() async {
        let script = Script([.success(state("v1")), .success(state("v2"))])
        #expect(await news(script) == [.state(state("v1")), .state(state("v2")), .trouble(.unpaired)])
        #expect(await script.asked == [nil, "v1", "v2"])
    }

    @Test func troubleIsNewsAndWhatFollowsItIsAskedForAtOnce() async {
        let offline = DeviceAPIError.unreachable(reason: "This phone is offline.")
        let script = Script([.success(state("v1")), .failure(offline), .failure(offline), .success(state("v1"))])
        let pauses = Pauses()
        #expect(await news(script, pauses) == [
            .state(state("v1")), .trouble(offline), .trouble(offline), .state(state("v1")), .trouble(.unpaired),
        ])
        #expect(await script.asked == [nil, "v1", nil, nil, "v1"])
        #expect(pauses.all == [0, 1, 2, 0])
    }

    @Test func itEndsWithItsReader() async {
        let script = Script(Array(repeating: .success(state("v1")), count: 100_000))
        let follower = StateFollower(pauses: RetryPolicy(), now: { script.clock.now }) { try await script.answer($0) }
        let reader = Task { for await _ in follower.news() {} }
        while await script.asked.isEmpty { await Task.yield() }
        reader.cancel()
        await reader.value
        let asked = await script.asked.count
        for _ in 0..<100 { await Task.yield() }
        #expect(await script.asked.count <= asked + 1)
    }

    /// The one waits until the other has come as far.
    actor Turn {
        private var passes = 0
        private var waits = 0

        func wait() async {
            waits += 1
            while passes < waits { await Task.yield() }
        }

        func pass() { passes += 1 }
    }
}
