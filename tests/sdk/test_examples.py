"""Every documented example of the Python and the Node SDK works against this server; its content reaches the phones."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.conftest import Account
from tests.waiting import eventually

CRM = "https://crm.example.com/customers/cus_9f3a1d"
SUBSCRIPTION = {"title": "New subscription 💸", "message": "Customer upgraded to Pro plan"}


@pytest.fixture(autouse=True)
def clear_screen(account: Account) -> Iterator[None]:
    """Leaves room for the next test's Live Activities: iOS shows five of an app."""
    yield
    for card in account.phone.cards():
        account.phone.dismiss(card["activity_id"])


def shown(account: Account, count: int) -> list[dict[str, Any]]:
    """The latest notifications on the phone, oldest first, once there are `count` that were not looked at."""
    eventually(f"{count} notifications", lambda: len(account.phone.notifications()) >= count)
    notifications = account.phone.notifications()
    for phone in (account.phone, account.engineers_phone):
        phone.do("notifications/clear")
    return notifications


def metrics(cpu: int, memory: int) -> dict[str, Any]:
    """What a card shows of the documented server."""
    readings = [{"label": "CPU", "value": cpu, "unit": "%"}, {"label": "MEM", "value": memory, "unit": "%"}]
    return {"title": "Server Health", "subtitle": "prod-web-1", "type": "metrics", "metrics": readings}


def card_titled(account: Account, title: str) -> dict[str, Any]:
    """The phone's active card of this title, once it has reported its update token."""
    found = eventually(
        f"a card titled {title}",
        lambda: [
            card
            for card in account.phone.cards()
            if card["content_state"]["title"] == title and card["state"] == "active" and card["token_reported"]
        ],
    )
    assert len(found) == 1, found
    return found[0]


def test_the_push_notifications_arrive(account: Account) -> None:
    account.backend.run("push", "push_media", "push_actions")
    plain, media, actionable = shown(account, 3)
    assert plain.items() >= SUBSCRIPTION.items()
    assert (plain["media"], plain["redirection"], plain["actions"]) == (None, None, [])
    assert (media["title"], media["message"]) == ("Homepage ready", "Your agent finished the redesign.")
    assert media["media"] == "https://cdn.example.com/output/homepage-v2.png"
    assert media["redirection"] == "https://github.com/acme/web/pull/482"
    assert actionable.items() >= {**SUBSCRIPTION, "redirection": CRM}.items()
    open_profile, onboarding = actionable["actions"]
    assert (open_profile["title"], open_profile["type"], open_profile["url"]) == ("Open CRM Profile", "open_url", CRM)
    assert (onboarding["title"], onboarding["type"]) == ("Start Onboarding Workflow", "webhook")


def test_channels_are_targeted(account: Account) -> None:
    account.backend.run("channels")
    card = card_titled(account, "Nightly database backup")
    assert card["content_state"].items() >= {"number_of_steps": 3, "current_step": 1}.items()
    assert account.engineers_phone.shows(SUBSCRIPTION["title"]).items() >= SUBSCRIPTION.items()
    assert [one["title"] for one in shown(account, 1)] == [SUBSCRIPTION["title"]]
    assert account.engineers_phone.cards() == [], "only ios-builds was to see the activity"


def test_streams_start_change_and_end(account: Account) -> None:
    account.backend.run("stream_metrics", "stream_segmented_progress", "stream_progress")
    health = card_titled(account, "Server Health")
    assert health["content_state"].items() >= metrics(9, 45).items()
    backup = card_titled(account, "Nightly Backup")["content_state"]
    assert backup.items() >= {"subtitle": "upload archive", "number_of_steps": 3, "current_step": 2}.items()
    reindex = card_titled(account, "Search Reindex")["content_state"]
    assert reindex.items() >= {"subtitle": "catalog-v2", "type": "progress", "percentage": 42}.items()

    account.backend.run("end_stream", "stream_metrics")
    account.phone.shows_activity(health["activity_id"], state="ended", **metrics(7, 38))
    again = card_titled(account, "Server Health")
    assert again["activity_id"] != health["activity_id"], "a stream that was ended starts again"


def test_live_activities_start_update_and_end(account: Account) -> None:
    phone, kinds = account.phone, ("metrics", "segmented_progress", "progress")
    *ids, deploy = account.backend.run(*(f"start_{kind}" for kind in kinds), "start_open_url")
    server, backup, charging = ids
    phone.shows_activity(server, **metrics(9, 45))
    phone.shows_activity(backup, subtitle="create snapshot", number_of_steps=3, current_step=1, color="yellow")
    phone.shows_activity(charging, title="EV Charging", subtitle="Added 30 mi range", percentage=15)
    card = phone.shows_activity(deploy, title="Deploying payments-api", number_of_steps=5, current_step=3)
    [button] = card["actions"]
    assert (button["title"], button["type"]) == ("Open Workflow", "open_url")
    assert button["url"] == "https://github.com/acme/payments-api/actions/runs/1234567890"
    for activity_id in (*ids, deploy):
        phone.live(activity_id)

    updates = {f"update_{kind}": ids[n] for n, kind in enumerate(kinds)} | {"update_webhook": deploy}
    account.backend.run(*updates, given=updates)
    phone.shows_activity(server, **metrics(76, 52))
    phone.shows_activity(backup, subtitle="upload archive", number_of_steps=3, current_step=2, color="yellow")
    phone.shows_activity(charging, subtitle="Added 120 mi range", type="progress", percentage=60)
    card = phone.shows_activity(deploy, subtitle="Shard 7 of 12", number_of_steps=12, current_step=7)
    [button] = card["actions"]
    assert (button["title"], button["type"]) == ("Pause Reindex", "webhook")
    assert "url" not in button, "a phone is not told a webhook's address"

    ends = {f"end_{kind}": ids[n] for n, kind in enumerate(kinds)}
    account.backend.run(*ends, given=ends)
    phone.shows_activity(server, state="ended", **metrics(7, 38))
    phone.shows_activity(backup, state="ended", subtitle="verify restore", current_step=3)
    phone.shows_activity(charging, state="ended", subtitle="Added 200 mi range", percentage=100)


def test_the_quickstart_works(account: Account) -> None:
    phone, backend = account.phone, account.backend
    starts = {"quickstart_start_segmented_progress": "", "quickstart_start_progress": ""}
    _, backup, charging = backend.run_whole(quickstart_push="", **starts)
    [push] = shown(account, 1)
    assert push.items() >= SUBSCRIPTION.items()
    phone.shows_activity(backup, subtitle="create snapshot", current_step=1, color="yellow")
    phone.shows_activity(charging, subtitle="Added 30 mi range", percentage=15, color="lime")
    for activity_id in (backup, charging):
        phone.live(activity_id)
    backend.run_whole(quickstart_update_segmented_progress=backup, quickstart_update_progress=charging)
    phone.shows_activity(backup, subtitle="upload archive", number_of_steps=3, current_step=2)
    phone.shows_activity(charging, subtitle="Added 120 mi range", percentage=60, color="lime")
    backend.run_whole(quickstart_end_segmented_progress=backup, quickstart_end_progress=charging)
    phone.shows_activity(backup, state="ended", subtitle="verify restore", current_step=3)
    phone.shows_activity(charging, state="ended", subtitle="Added 200 mi range", percentage=100)
