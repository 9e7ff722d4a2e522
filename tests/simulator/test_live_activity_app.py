"""What the app on a phone tells the server, and how it catches up."""

import datetime
import os
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.gateway import StandInGateway
from tests.simulator.live import HOUR, LIVE, LivePhone, change, start, state, tick
from tests.simulator.process import SimulatorProcess, eventually, phone_record, write_phones
from tests.simulator.sender import Sender


def described(activity_id: str, phase: str = "active", title: str = "S", **other: Any) -> dict[str, Any]:
    """An activity as the server describes it."""
    return {
        "activity_id": activity_id, "phase": phase, "content_state": state(title), "timestamp": tick(),
        "started_at": None, "stale_at": None, "dismiss_at": None, **other,
    }  # fmt: skip


def iso(seconds: float) -> str:
    """A moment as the gateway writes it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")


def shown(live: LivePhone) -> dict[str, tuple[str, str]]:
    """State and title of each card."""
    return {card["activity_id"]: (card["state"], card["content_state"]["title"]) for card in live.cards()}


def back_online(live: LivePhone) -> None:
    """The phone finds its network again and asks the server for the state."""
    live.settings(offline=False)


# --- reports ---


async def test_the_update_token_is_reported_at_once(live: LivePhone) -> None:
    token = await live.started()
    await live.until(lambda: live.card()["token_reported"])
    assert ("PUT", "live-activities/a/token", {"token": token}) in live.account.calls


async def test_a_token_that_never_comes_is_reported_when_the_setting_changes(live: LivePhone) -> None:
    live.settings(update_token_delay_seconds=None)
    await live.started("a")
    token = await live.started("b")
    live.account.live_activities = [described("a"), described("b")]
    live.do("open")
    assert not live.account.bodies("live-activities/b/token")
    assert live.card("b")["token_reported"] is False
    live.settings(update_token_delay_seconds=0)
    await live.until(lambda: all(card["token_reported"] for card in live.cards()))
    assert live.account.bodies("live-activities/b/token") == [{"token": token}]


async def test_a_late_token_comes_late_or_when_the_person_opens_the_app(live: LivePhone) -> None:
    live.settings(update_token_delay_seconds=0.05)
    await live.started("a")
    await live.until(lambda: live.card("a")["token_reported"])
    live.settings(update_token_delay_seconds=3600)
    token = await live.started("b")
    assert not live.card("b")["token_reported"]
    live.account.live_activities = [described("a"), described("b")]
    assert live.do("open")["tokens_reported"] is True
    assert live.account.bodies("live-activities/b/token") == [{"token": token}]


async def test_a_report_is_retried_until_the_server_takes_it(live: LivePhone) -> None:
    live.account.failing += [500, 503]
    await live.started()
    await live.until(lambda: live.card()["token_reported"])
    assert len(live.account.bodies("live-activities/a/token")) == 3


async def test_a_server_that_knows_of_no_such_activity_is_asked_once(live: LivePhone) -> None:
    live.account.failing += [404]
    await live.started("a")
    await live.until(lambda: live.account.bodies("live-activities/a/token"))
    await live.started("b")
    await live.until(lambda: live.card("b")["token_reported"])
    assert live.card("a")["token_reported"] is False
    assert len(live.account.bodies("live-activities/a/token")) == 1


async def test_a_rotated_token_is_reported_too(live: LivePhone) -> None:
    first = await live.started()
    await live.until(lambda: live.card()["token_reported"])
    second = live.do("live-activities/a/rotate-token")["update_token"]
    await live.until(lambda: live.card()["token_reported"])
    assert live.account.bodies("live-activities/a/token") == [{"token": first}, {"token": second}]


async def test_a_dismissal_is_reported_as_soon_as_the_server_can_be_reached(live: LivePhone) -> None:
    await live.started()
    await live.until(lambda: live.card()["token_reported"])
    live.settings(offline=True)
    live.do("live-activities/a/dismiss")
    live.account.live_activities = [described("a")]
    live.account.failing += [500]
    back_online(live)
    await live.until(lambda: len(live.account.bodies("live-activities/a/dismissed")) == 2)
    # The server, which was not told before, still wanted the card when it was asked.
    paths = [path for _, path, _ in live.account.calls]
    dismissed = "live-activities/a/dismissed"
    assert paths[paths.index(dismissed) :][:3] == [dismissed, "state", dismissed]
    assert shown(live) == {}


async def test_a_report_that_is_under_way_is_not_made_again_when_settings_change(live: LivePhone) -> None:
    await live.started()
    await live.until(lambda: live.card()["token_reported"])
    live.account.answering.clear()
    live.do("live-activities/a/dismiss")
    await live.until(lambda: live.account.bodies("live-activities/a/dismissed"))
    live.settings(start_budget_per_hour=5)
    live.account.answering.set()
    live.do("open")
    assert live.account.bodies("live-activities/a/dismissed") == [{}]


async def test_new_push_to_start_tokens_and_frequent_pushes_are_reported(live: LivePhone) -> None:
    new = live.do("rotate-start-token", old="silent")["push_to_start_token"]
    assert live.account.bodies("tokens")[-1]["push_to_start_token"] == new
    assert live.account.bodies("tokens")[-1]["frequent_pushes_enabled"] is False
    live.account.failing += [500]
    live.settings(frequent_pushes_enabled=True)
    await live.until(lambda: live.read()["tokens_reported"])
    assert live.account.bodies("tokens")[-1]["frequent_pushes_enabled"] is True


def test_a_phone_may_have_another_version_of_ios(
    live_simulator: tuple[SimulatorProcess, Any], gateway: StandInGateway
) -> None:
    body = {"pairing_code": "c", "name": os.urandom(8).hex(), "os_version": "17.1"}
    phone = live_simulator[0].http.post("/phones", json=body).json()
    assert phone["os_version"] == "17.1"
    assert gateway.account(f"dev_{body['name']}").bodies("tokens")[0]["os_version"] == "17.1"
    wrong = live_simulator[0].http.post("/phones", json={**body, "os_version": "latest"})
    assert wrong.status_code == 400


# --- catching up ---


async def test_back_online_the_screen_becomes_what_the_server_says(live: LivePhone) -> None:
    for activity_id in ("kept", "newer", "ended", "gone", "starting"):
        await live.started(activity_id, timestamp=tick())
    live.settings(offline=True)
    live.account.live_activities = [
        described("kept", title="old", timestamp=1), described("newer"), described("starting", "starting", "no"),
        described("ended", "ended", "last", dismiss_at=iso(live.now() + 300)), described("elsewhere", "ended"),
    ]  # fmt: skip
    back_online(live)
    await live.until(lambda: "gone" not in shown(live))
    assert shown(live) == {
        "kept": ("active", "T"), "newer": ("active", "S"), "ended": ("ended", "last"), "starting": ("active", "T"),
    }  # fmt: skip
    live.advance(301)
    assert "ended" not in shown(live)


async def test_an_activity_that_is_missing_is_started_by_the_app_which_reports_its_token(live: LivePhone) -> None:
    stale = live.now() + 50
    live.account.live_activities = [described("m", stale_at=iso(stale))]
    live.do("open")
    card = live.card("m")
    assert (card["state"], card["content_state"]["title"], card["alerts"]) == ("active", "S", [])
    assert datetime.datetime.fromisoformat(card["stale_at"]).timestamp() == stale
    await live.until(lambda: live.card("m")["token_reported"])
    assert live.account.bodies("live-activities/m/token") == [{"token": card["update_token"]}]
    assert (await live.push(card["update_token"], change(title="goes on"))).status == 200
    assert shown(live) == {"m": ("active", "goes on")}


async def test_what_the_server_still_calls_active_is_not_started_again_after_its_8_hours(live: LivePhone) -> None:
    await live.started("a")
    live.advance(8 * HOUR)
    live.account.live_activities = [described("a")]
    live.do("open")
    assert shown(live) == {"a": ("ended", "T")}


async def test_the_stored_push_comes_before_the_catching_up(live: LivePhone) -> None:
    token = await live.started(timestamp=10)
    live.settings(offline=True)
    await live.push(token, change(title="stored", timestamp=20))
    live.account.live_activities = [described("a", title="newest", timestamp=30)]
    back_online(live)
    await live.until(lambda: shown(live) == {"a": ("active", "newest")})
    assert live.card()["updates"] == 1


async def test_catching_up_is_retried_and_can_be_switched_off(live: LivePhone) -> None:
    await live.started()
    await live.until(lambda: live.card()["token_reported"])
    live.settings(offline=True, catches_up=False)
    back_online(live)
    live.settings(offline=True, catches_up=True)
    assert not live.account.bodies("state")
    live.account.failing += [503, 500]
    back_online(live)
    await live.until(lambda: shown(live) == {})
    assert len(live.account.bodies("state")) == 3


async def test_descriptions_that_the_app_cannot_decode_are_counted(live: LivePhone) -> None:
    await live.started("a")
    live.account.live_activities = [
        described("a", content_state={"title": 1}), described("b", stale_at="soon"), {"phase": "active"},
    ]  # fmt: skip
    live.do("open")
    assert shown(live) == {"a": ("active", "T")}
    assert live.dropped() == {"undecodable": 3}


async def test_a_phone_without_a_network_cannot_open_the_app_for_its_news(live: LivePhone) -> None:
    live.settings(offline=True)
    assert live.simulator.http.post(f"/phones/{live.id}/open").status_code == 409
    live.settings(offline=False)
    live.account.failing += [503, 503, 503]
    assert live.simulator.http.post(f"/phones/{live.id}/open").status_code == 503


# --- restarts ---


@pytest.mark.parametrize("end", [pytest.param("stopped", marks=pytest.mark.thorough), "killed"])
@pytest.mark.slow
async def test_cards_tokens_debts_and_the_clock_survive_a_restart(
    folder: Path, gateway: StandInGateway, end: str
) -> None:
    record = phone_record(os.urandom(32).hex())
    write_phones(folder, [record])
    account = gateway.account(record["device_token"])
    first = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    async with Sender(first.apns_port, folder) as sender:
        phone = LivePhone(first, sender, record, account)
        phone.advance(1000)
        token = await phone.started("a", content_state=state("kept"))
        await phone.until(lambda: phone.card("a")["token_reported"])
        ended = await phone.started("b")
        await phone.push(ended, change("end"))
        await phone.started("c")
        account.failing += [500] * 100
        phone.do("live-activities/c/dismiss")
        phone.do("live-activities/a/rotate-token")
        rotated = phone.card("a")["update_token"]
        await eventually(lambda: rotated in saved(folder, record))
    if end == "stopped":
        assert first.stop() == 0
    else:
        first.kill()
    account.failing.clear()
    account.live_activities = [described("a", timestamp=1), described("b", "ended", timestamp=1)]
    second = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    try:
        async with Sender(second.apns_port, folder) as sender:
            phone = LivePhone(second, sender, record, account)
            await phone.until(
                lambda: phone.card("a")["token_reported"] and account.bodies("live-activities/c/dismissed")
            )
            assert account.bodies("live-activities/a/token")[-1] == {"token": rotated}
            assert shown(phone) == {"a": ("active", "kept"), "b": ("ended", "T")}
            assert [(await phone.push(one, change())).status for one in (token, ended, rotated)] == [410, 410, 200]
            assert second.http.get("/clock").json() == {"offset_seconds": 1000}
            assert (await sender.push(record["push_to_start_token"], start("d"), **LIVE)).status == 200
    finally:
        second.stop()
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (folder / "simulator").glob("live_activities/*"))


@pytest.mark.slow
async def test_phones_of_a_simulator_that_was_killed_catch_up(folder: Path, gateway: StandInGateway) -> None:
    record = phone_record(os.urandom(32).hex())
    write_phones(folder, [record])
    account = gateway.account(record["device_token"])
    first = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    async with Sender(first.apns_port, folder) as sender:
        phone = LivePhone(first, sender, record, account)
        token = await phone.started()
        await phone.until(lambda: phone.card()["token_reported"])
        await phone.push(token, change(title="not saved yet"))
    first.kill()
    assert not account.bodies("state")
    account.live_activities = [described("a", title="not saved yet")]
    second = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    try:
        async with Sender(second.apns_port, folder) as sender:
            phone = LivePhone(second, sender, record, account)
            await phone.until(lambda: shown(phone) == {"a": ("active", "not saved yet")})
            assert phone.card()["update_token"] == token
    finally:
        second.stop()


def saved(folder: Path, record: dict[str, Any]) -> str:
    """What is on disk of a phone's Live Activities."""
    return (folder / "simulator" / "live_activities" / f"{record['id']}.json").read_text()
