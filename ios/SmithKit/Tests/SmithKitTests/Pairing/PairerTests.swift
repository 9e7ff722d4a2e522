import Foundation
import Testing
@testable import SmithKit

@Suite struct PairerTests {
    let code = PairingCode(text: "K7QF-2M9X")!
    let paired = HTTPResponse.ok(#"{"device_id": "d2", "device_token": "dev_new"}"#)

    func pairer(_ server: ScriptedServer, _ store: any PairingStore) -> Pairer {
        Pairer(store: store, transport: server, retry: Pauses().policy())
    }

    @Test func aCodeBecomesAPairing() async throws {
        let server = ScriptedServer(paired)
        let store = MemoryPairingStore()
        let pairing = try await pairer(server, store).pair(server: aServer, code: code, name: "  Ada's iPhone ")
        #expect(pairing == Pairing(server: aServer, deviceID: "d2", secret: "dev_new"))
        #expect(try store.load() == pairing)
        #expect(server.calls == [#"POST /api/device/pair {"name":"Ada's iPhone","pairing_code":"K7QF-2M9X"}"#])
        #expect(server.requests[0].headers["Authorization"] == nil)
    }

    @Test(arguments: [("", "iPhone"), (" \n", "iPhone"), (String(repeating: "é", count: 300), String(repeating: "é", count: 100))])
    func anyNameIsOneThatTheServerTakes(name: String, sent: String) async throws {
        let server = ScriptedServer(paired)
        _ = try await pairer(server, MemoryPairingStore()).pair(server: aServer, code: code, name: name)
        #expect(server.calls[0].contains("\"name\":\"\(sent)\""))
    }

    @Test func aWrongCodeCostsNothingOfThePairingBefore() async throws {
        let server = ScriptedServer(.error(404, "Not found"))
        let store = MemoryPairingStore(aPairing)
        await #expect(throws: DeviceAPIError.self) {
            try await pairer(server, store).pair(server: aServer, code: code, name: "x")
        }
        #expect(try store.load() == aPairing)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [HTTPResponse.error(503), .error(429)])
    func pairingIsTriedOnce(response: HTTPResponse) async throws {
        let server = ScriptedServer(response, paired)
        await #expect(throws: DeviceAPIError.self) {
            try await pairer(server, MemoryPairingStore()).pair(server: aServer, code: code, name: "x")
        }
        #expect(server.requests.count == 1)
    }

    @Test func theFormerServerIsToldBeforeTheNewPairingIsKept() async throws {
        let server = ScriptedServer(paired, .ok())
        let store = MemoryPairingStore(aPairing)
        _ = try await pairer(server, store).pair(server: ServerAddress("http://other.example.com")!, code: code, name: "x")
        #expect(server.calls[1] == "DELETE /api/device")
        #expect(server.requests[1].url.host() == "push.example.com")
        #expect(server.requests[1].headers["Authorization"] == "Bearer dev_secret")
        #expect(try store.load()?.secret == "dev_new")
    }

    @Test func aFormerServerThatIsAwayDelaysLittle() async throws {
        let server = ScriptedServer([answers(paired), noNetwork])
        let store = MemoryPairingStore(aPairing)
        _ = try await pairer(server, store).pair(server: aServer, code: code, name: "x")
        #expect(try store.load()?.secret == "dev_new")
        #expect(server.requests.count == 2)
        #expect(server.requests[1].timeout <= 5)
    }

    @Test func aPairingThatCannotBeKeptIsGivenBack() async throws {
        let server = ScriptedServer(paired, .ok())
        await #expect(throws: FullDisk.self) {
            try await pairer(server, FullStore()).pair(server: aServer, code: code, name: "x")
        }
        #expect(server.calls[1] == "DELETE /api/device")
        #expect(server.requests[1].headers["Authorization"] == "Bearer dev_new")
    }

    @Test func unpairingTellsTheServerFirst() async throws {
        let store = MemoryPairingStore(aPairing)
        await #expect(throws: DeviceAPIError.self) { try await pairer(ScriptedServer([noNetwork]), store).unpair() }
        #expect(try store.load() == aPairing)
        try await pairer(ScriptedServer(.ok()), store).unpair()
        #expect(try store.load() == nil)
        try await pairer(ScriptedServer([]), store).unpair()
    }

    @Test func onlyTheRefusedPairingIsForgotten() throws {
        let newer = Pairing(server: aServer, deviceID: "d2", secret: "dev_new")
        let store = MemoryPairingStore(newer)
        try pairer(ScriptedServer([]), store).forget(aPairing)
        #expect(try store.load() == newer)
        try pairer(ScriptedServer([]), store).forget(newer)
        #expect(try store.load() == nil)
    }

    @Test func aKeptPairingSurvivesARoundTrip() throws {
        let data = try JSONEncoder().encode(aPairing)
        #expect(try JSONDecoder().decode(Pairing.self, from: data) == aPairing)
    }
}

struct FullDisk: Error {}

struct FullStore: PairingStore {
    func load() throws -> Pairing? { nil }
    func save(_ pairing: Pairing) throws { throw FullDisk() }
    func delete() throws {}
}
