import Foundation
import SmithKit
import UIKit

extension Phone {
    /// Opens a link of the scheme `activitysmith`: one that pairs, one of a card's button, or one to a place of the app.
    func open(link: URL) {
        if let target = CardLink.target(of: link) {
            follow(target)
        } else if link == AppLink.live {
            tab = .live
        } else {
            propose(link)
        }
    }

    /// Opens what a button or a notification leads to: a web page, a shortcut, another app.
    func follow(_ url: URL) {
        Task {
            if await !UIApplication.shared.open(url) {
                notice = String(localized: "No app on this phone opens \(url.absoluteString)")
            }
        }
    }

    /// Brings a notification into view; without one, the inbox.
    func show(notificationID: String?) {
        tab = .inbox
        sought = notificationID
    }

    private func propose(_ link: URL) {
        do {
            proposal = try PairingProposal(link: link)
        } catch {
            notice = error.localizedDescription
        }
    }
}
