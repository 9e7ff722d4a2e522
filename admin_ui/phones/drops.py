"""What a simulated device left out of what it was sent, and why, in words for people who know neither APNs nor iOS."""

from collections.abc import Mapping

from admin_ui.texts import _, ngettext

WORDS: Mapping[str, str] = {
    "no_alert": _("A push that starts a Live Activity must say something, and this one had no title."),
    "undecodable": _("The app could not read what was in it, as happens with an app that is older than the server."),
    "unknown_attributes_type": _("It was meant for a card that this app does not have."),
    "os_too_old": _("Servers can start a Live Activity on iOS 17.2 and later. This phone has an older one."),
    "too_many": _(
        "iOS shows at most five Live Activities of an app at once. There were five, so the next did not start."
    ),
    "start_budget": _("iOS lets a server start a certain number of Live Activities in an hour. It was used up."),
    "stale_start_token": _("It was sent to an address of the phone that iOS had replaced without telling."),
    "wrong_token": _("It was sent to the wrong one of the phone's addresses: starts and changes have different ones."),
    "old_timestamp": _("The card showed something newer already, so the older state was left out."),
    "over": _("The card was over or had been removed by the person when the change came."),
    "throttled": _("iOS takes a certain number of urgent changes of cards in an hour. They were used up."),
    "offline_not_stored": _("The phone was not connected, and the push was to be tried once only."),
    "offline_replaced": _("The phone was not connected. Apple keeps one push for each app, and a later one came."),
    "expired": _("The phone was not connected for so long that the push was no longer worth showing."),
    "notifications_off": _("The person does not allow notifications of the app."),
    "old_subscription": _("It was sent to an address that the browser does not use any more."),
    "undecryptable": _("It was locked with another key than the browser's, so the browser could not open it."),
    "worker_failed": _("The page's own program in the browser failed, and showed nothing."),
    "older_version": _("The browser showed something newer already."),
    "dismissed": _("The person had removed the card, so a change of it was not shown."),
}
"""By the simulator's names of reasons."""


def left_out(dropped: Mapping[str, int]) -> list[tuple[str, str]]:
    """How many pushes were left out, and why, most first."""
    counts = sorted(dropped.items(), key=lambda one: (-one[1], one[0]))
    return [
        (
            ngettext("{count:,} push", "{count:,} pushes", count).format(count=count),
            WORDS.get(reason, reason.replace("_", " ").capitalize() + "."),
        )
        for reason, count in counts
        if count
    ]
