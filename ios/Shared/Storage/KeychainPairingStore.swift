import Foundation
import Security
import SmithKit

/// Keeps the pairing in the keychain: readable once the phone was unlocked after it was switched on, as iOS wakes the app in
/// the background; never on another phone or in a backup. The app group is its access group, so that the widgets can ask too.
struct KeychainPairingStore: PairingStore {
    struct Failure: LocalizedError {
        let status: OSStatus

        /// True until the phone is unlocked for the first time after it was switched on. The pairing is there all the same.
        var isBeforeFirstUnlock: Bool { status == errSecInteractionNotAllowed }

        var errorDescription: String? {
            let words = SecCopyErrorMessageString(status, nil) as String? ?? ""
            return String(localized: "The keychain of this phone did not answer: \(words) (\(String(status)))")
        }
    }

    private var item: [String: Any] {
        var item: [String: Any] = [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: "activitysmith",
            kSecAttrAccount as String: "device",
        ]
        #if !targetEnvironment(simulator)
        // Builds for the simulator may be unsigned, and then belong to no group.
        item[kSecAttrAccessGroup as String] = AppGroup.identifier
        #endif
        return item
    }

    func load() throws -> Pairing? {
        var query = item
        query[kSecReturnData as String] = true
        query[kSecMatchLimit as String] = kSecMatchLimitOne
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query as CFDictionary, &found)
        if status == errSecItemNotFound { return nil }
        guard status == errSecSuccess, let data = found as? Data else { throw Failure(status: status) }
        return try JSONDecoder().decode(Pairing.self, from: data)
    }

    func save(_ pairing: Pairing) throws {
        let values: [String: Any] = [
            kSecValueData as String: try JSONEncoder().encode(pairing),
            kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        // Changed in place where there is one: at no moment is the phone without a pairing.
        var status = SecItemUpdate(item as CFDictionary, values as CFDictionary)
        if status == errSecItemNotFound {
            status = SecItemAdd(item.merging(values) { _, new in new } as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw Failure(status: status) }
    }

    func delete() throws {
        let status = SecItemDelete(item as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw Failure(status: status) }
    }
}
