"""What iOS does with pushes for Live Activities."""

import time
from typing import Any

import pytest

from tests.simulator.live import HOUR, LIVE, LivePhone, change, start, state, tick

ACTION = {"id": "act-1", "title": "Open", "type": "open_url", "url": "https://example.com/x"}


async def test_a_start_shows_a_card_with_every_part_of_the_push(live: LivePhone) -> None:
    content = {
        "title": "Deploy", "subtitle": "main", "type": "segmented_progress", "number_of_steps": 3, "current_step": 1,
        "color": "lime", "step_color": "blue", "step_colors": ["red"],
    }  # fmt: skip
    stale = live.now() + 100
    await live.started(
        timestamp=1000, content_state={**content, "action": ACTION}, stale_date=stale, relevance_score=7.5
    )
    card = live.card()
    assert len(card.pop("update_token")) == 64
    assert card.pop("started_at") == card.pop("updated_at")
    assert card.pop("stale_at") is not None
    card.pop("token_reported")
    assert card.pop("channel_id") is None
    assert card == {
        "activity_id": "a", "state": "active", "stale": False, "content_state": content, "actions": [ACTION],
        "ended_at": None, "dismiss_at": None, "timestamp": 1000, "updates": 0, "relevance_score": 7.5,
        "alerts": [{"title": "It begins", "body": "now", "sound": "default"}], "duplicate_starts": 0,
    }  # fmt: skip
    assert live.dropped() == {}


@pytest.mark.parametrize(
    ("aps", "reason"),
    [
        ({"alert": None}, "no_alert"),
        ({"alert": {"title": "", "body": "b"}}, "no_alert"),
        ({"alert": "text"}, "no_alert"),
        ({"attributes_type": "Other"}, "unknown_attributes_type"),
        ({"attributes": {}}, "undecodable"),
        ({"attributes": None}, "undecodable"),
        ({"timestamp": None}, "undecodable"),
        ({"timestamp": "1"}, "undecodable"),
        ({"timestamp": 10**400}, "undecodable"),
        ({"stale_date": 1e18}, "undecodable"),
        ({"content_state": None}, "undecodable"),
        ({"content_state": {"type": "progress"}}, "undecodable"),
        ({"content_state": state(type="clock")}, "undecodable"),
        ({"content_state": state(percentage="10")}, "undecodable"),
        ({"content_state": state(percentage=True)}, "undecodable"),
        ({"content_state": state(number_of_steps=1.5)}, "undecodable"),
        ({"content_state": state(metrics=[{"label": "x"}])}, "undecodable"),
        ({"content_state": state(metrics={})}, "undecodable"),
        ({"content_state": state(step_colors="red")}, "undecodable"),
        ({"content_state": state(title="\ud800")}, "undecodable"),
        ({"content_state": state(action={"id": "i", "title": "t", "type": "open_url"})}, "undecodable"),
        ({"event": "update"}, "wrong_token"),
        ({"event": "restart"}, "undecodable"),
    ],
)
async def test_a_start_that_ios_drops_is_accepted_and_counted(live: LivePhone, aps: Any, reason: str) -> None:
    assert (await live.start(**aps)).status == 200
    assert live.cards() == []
    assert live.dropped() == {reason: 1}


async def test_numbers_that_json_can_spell_and_no_screen_can_show_are_dropped(live: LivePhone) -> None:
    body = str(start("a", content_state=state(percentage=-77))).replace("'", '"').replace("-77", "1e999").encode()
    assert (await live.sender.push(live.read()["push_to_start_token"], body, **LIVE)).status == 200
    assert live.dropped() == {"undecodable": 1}


async def test_unknown_keys_and_nulls_do_no_harm(live: LivePhone) -> None:
    await live.started(content_state=state(subtitle=None, new_key=[[1]]))
    assert live.card()["content_state"] == state()


async def test_a_sixth_active_activity_does_not_start(live: LivePhone) -> None:
    for number in range(6):
        await live.start(str(number))
    assert [card["activity_id"] for card in live.cards()] == ["0", "1", "2", "3", "4"]
    assert live.dropped() == {"too_many": 1}
    await live.push(live.card("0")["update_token"], change("end"))
    await live.started("6")


async def test_starts_have_a_budget_of_their_own_that_comes_back_within_an_hour(live: LivePhone) -> None:
    live.settings(start_budget_per_hour=2)
    for number in range(3):
        await live.start(str(number))
    assert live.dropped() == {"start_budget": 1}
    live.advance(HOUR + 1)
    await live.started("3")
    live.settings(start_budget_per_hour=None)
    await live.started("4")


async def test_a_second_start_of_an_activity_makes_no_second_card(live: LivePhone) -> None:
    token = await live.started(timestamp=100, content_state=state("first"))
    await live.start(timestamp=99, content_state=state("older"))
    card = live.card()
    assert (card["content_state"]["title"], card["duplicate_starts"], card["timestamp"]) == ("first", 1, 100)
    await live.start(timestamp=101, content_state=state("newer"))
    card = live.card()
    assert (card["content_state"]["title"], card["duplicate_starts"], card["timestamp"]) == ("newer", 2, 101)
    assert card["update_token"] == token
    stats = live.simulator.stats()
    assert (stats["live_activity_starts"], stats["duplicate_starts"]) == (3, 2)


async def test_updates_apply_in_order_of_their_timestamps(live: LivePhone) -> None:
    token = await live.started(timestamp=100)
    for timestamp, title in ((105, "b"), (105, "same"), (103, "late"), (100, "start"), (106, "c")):
        assert (await live.push(token, change(title=title, timestamp=timestamp))).status == 200
    card = live.card()
    assert (card["content_state"]["title"], card["timestamp"], card["updates"]) == ("c", 106, 2)
    assert live.dropped() == {"old_timestamp": 3}
    stats = live.simulator.stats()
    assert (stats["timestamps_backwards"], stats["timestamps_repeated"]) == (2, 1)
    assert stats["live_activity_updates"] == 5


async def test_an_update_may_speak_and_says_what_is_stale(live: LivePhone) -> None:
    token = await live.started()
    stale = live.now() + 600
    await live.push(token, change(alert={"title": "Look", "body": "here"}, stale_date=stale, relevance_score=3))
    assert live.card()["alerts"][-1] == {"title": "Look", "body": "here", "sound": None}
    assert (live.card()["relevance_score"], live.card()["stale"]) == (3, False)
    live.advance(700)
    assert live.card()["stale"] is True
    await live.push(token, change())
    assert (live.card()["stale"], live.card()["stale_at"]) == (False, None)


async def test_an_undecodable_update_changes_nothing(live: LivePhone) -> None:
    token = await live.started()
    await live.push(token, {"aps": {"timestamp": tick(), "event": "update", "content-state": {"title": "x"}}})
    await live.push(token, start("a"))
    assert live.dropped() == {"undecodable": 1, "wrong_token": 1}
    assert live.card()["content_state"] == state()


@pytest.mark.parametrize(("frequent", "budget"), [(False, 15), (True, 60)])
async def test_priority_10_has_an_hourly_budget_and_priority_5_has_none(
    live: LivePhone, frequent: bool, budget: int
) -> None:
    live.settings(frequent_pushes_enabled=frequent)
    token = await live.started()
    for number in range(budget + 2):
        await live.push(token, change(title=f"h{number}"), priority=10)
    assert live.card()["content_state"]["title"] == f"h{budget - 1}"
    await live.push(token, change(title="low"))
    assert live.card()["content_state"]["title"] == "low"
    assert live.dropped() == {"throttled": 2}
    live.advance(HOUR + 1)
    await live.push(token, change("end", "last"), priority=10)
    assert live.card()["content_state"]["title"] == "last"


async def test_a_missing_priority_is_10(live: LivePhone) -> None:
    live.settings(high_priority_budget_per_hour=0)
    token = await live.started()
    await live.sender.push(token, change(), **LIVE)
    assert live.dropped() == {"throttled": 1}


@pytest.mark.parametrize(("dismissal", "stays"), [(-1, 0), (0, 0), (180, 180), (None, 4 * HOUR), (9 * HOUR, 4 * HOUR)])
async def test_an_ended_activity_leaves_the_screen_when_it_should(
    live: LivePhone, dismissal: int | None, stays: int
) -> None:
    token = await live.started()
    when = {} if dismissal is None else {"dismissal_date": live.now() + dismissal}
    await live.push(token, change("end", "over", **when))
    if stays:
        card = live.card()
        assert (card["state"], card["content_state"]["title"], card["update_token"]) == ("ended", "over", None)
        live.advance(stays - 60)
        assert len(live.cards()) == 1
        live.advance(61)
    assert live.cards() == []


async def test_the_update_token_is_dead_after_the_end(live: LivePhone) -> None:
    token = await live.started()
    await live.push(token, change("end"))
    answer = await live.push(token, change(title="too late"))
    assert (answer.status, answer.document["reason"]) == (410, "Unregistered")
    assert live.card()["content_state"] == state()


async def test_ios_ends_an_activity_after_8_hours_and_removes_it_after_12(live: LivePhone) -> None:
    token = await live.started()
    live.advance(8 * HOUR - 60)
    assert (await live.push(token, change())).status == 200
    live.advance(61)
    # The phone was not looked at since: APNs finds out by itself.
    assert (await live.push(token, change())).document["reason"] == "Unregistered"
    assert live.card()["state"] == "ended"
    live.advance(4 * HOUR - 60)
    assert len(live.cards()) == 1
    live.advance(61)
    assert live.cards() == []


async def test_a_rotated_update_token_replaces_the_old_one_at_once(live: LivePhone) -> None:
    old = await live.started()
    new = live.do("live-activities/a/rotate-token")["update_token"]
    assert (await live.push(old, change())).status == 410
    assert (await live.push(new, change(title="new"))).status == 200
    assert live.card()["content_state"]["title"] == "new"
    await live.push(new, change("end"))
    assert live.simulator.http.post(f"/phones/{live.id}/live-activities/a/rotate-token").status_code == 409


async def test_a_push_to_start_token_dies_or_goes_silent(live: LivePhone) -> None:
    first = live.read()["push_to_start_token"]
    second = live.do("rotate-start-token")["push_to_start_token"]
    assert (await live.sender.push(first, start("a"), **LIVE)).document["reason"] == "Unregistered"
    live.do("rotate-start-token", old="silent")
    assert (await live.sender.push(second, start("a"), **LIVE)).status == 200
    assert (live.cards(), live.dropped()) == ([], {"stale_start_token": 1})
    await live.started()


async def test_a_dismissed_card_is_gone_and_its_token_dead(live: LivePhone) -> None:
    token = await live.started()
    assert live.do("live-activities/a/dismiss") == {"dismissed": "a"}
    assert live.cards() == []
    assert (await live.push(token, change())).status == 410
    assert live.simulator.http.post(f"/phones/{live.id}/live-activities/a/dismiss").status_code == 404


async def test_an_offline_phone_has_one_stored_push_of_any_kind(live: LivePhone) -> None:
    live.settings(catches_up=False)
    token = await live.started()
    later: dict[str, Any] = {"apns_expiration": str(live.now() + 600)}
    live.settings(offline=True)
    await live.push(token, change(title="lost"), **later)
    await live.sender.push(live.record["push_token"], {"aps": {"alert": "lost too"}})
    await live.push(token, change(title="kept"), **later)
    await live.push(token, change(title="never stored"), apns_expiration="0")
    assert live.card()["content_state"] == state()
    live.settings(offline=False)
    assert live.card()["content_state"]["title"] == "kept"
    assert live.read()["notifications"] == []
    assert live.dropped() == {"offline_replaced": 2, "offline_not_stored": 1}


async def test_a_stored_start_is_replaced_by_one_with_the_same_collapse_id_and_expires(live: LivePhone) -> None:
    live.settings(catches_up=False, offline=True)
    headers = {"apns_collapse_id": "a", "apns_expiration": str(live.now() + 600)}
    await live.start(content_state=state("1"), headers=headers)
    await live.start(content_state=state("2"), headers=headers)
    live.settings(offline=False)
    assert (live.card()["content_state"]["title"], live.dropped()) == ("2", {})
    live.settings(offline=True)
    await live.start("b", headers=headers)
    live.advance(601)
    live.settings(offline=False)
    assert ([card["activity_id"] for card in live.cards()], live.dropped()) == (["a"], {"expired": 1})


async def test_a_stored_push_for_an_activity_that_is_over_changes_nothing(live: LivePhone) -> None:
    live.settings(catches_up=False)
    token = await live.started()
    live.settings(offline=True)
    await live.push(token, change(title="zombie"))
    live.advance(8 * HOUR)
    live.settings(offline=False)
    assert (live.card()["state"], live.card()["content_state"]) == ("ended", state())
    assert live.dropped() == {"over": 1}


async def test_buttons_of_cards_can_be_tapped(live: LivePhone) -> None:
    webhook = {"id": "act-2", "title": "Run", "type": "webhook"}
    await live.started("a", content_state=state(action=ACTION))
    await live.started("b", content_state=state(action=webhook))
    assert live.card("b")["actions"] == [webhook]
    assert live.do("tap", action_id="act-1") == {"opened": ACTION["url"]}
    live.do("tap", action_id="act-2")
    assert ("POST", "actions/act-2/run", {}) in live.account.calls
    live.settings(offline=True)
    assert live.simulator.http.post(f"/phones/{live.id}/tap", json={"action_id": "act-2"}).status_code == 409


async def test_removing_the_app_removes_its_cards(live: LivePhone) -> None:
    token = await live.started()
    live.do("uninstall")
    assert live.cards() == []
    assert (await live.push(token, change())).status == 410
    assert (await live.sender.push(live.record["push_to_start_token"], start("b"), **LIVE)).status == 410


async def test_a_phone_keeps_50_cards(live: LivePhone) -> None:
    live.settings(start_budget_per_hour=None)
    for number in range(52):
        await live.push(await live.started(str(number)), change("end"))
    assert [card["activity_id"] for card in live.cards()] == [str(number) for number in range(2, 52)]


async def test_timestamps_of_an_activity_are_compared_across_its_tokens(live: LivePhone) -> None:
    old = await live.started(timestamp=100)
    await live.push(old, change(timestamp=200))
    new = live.do("live-activities/a/rotate-token")["update_token"]
    await live.push(new, change(timestamp=199))
    await live.start(timestamp=150)
    await live.push(new, change("end", timestamp=201))
    stats = live.simulator.stats()
    assert (stats["timestamps_backwards"], stats["timestamps_repeated"], stats["live_activity_ends"]) == (2, 0, 1)


async def test_the_log_of_requests_shows_the_headers_that_matter(live: LivePhone) -> None:
    expiration = str(int(time.time()) + 600)
    await live.start(headers={"apns_collapse_id": "a", "apns_expiration": expiration, "apns_priority": "10"})
    (entry,) = live.simulator.http.get("/apns/requests", params={"token": live.read()["push_to_start_token"]}).json()[
        "requests"
    ]
    shown = {name: entry["headers"][name] for name in ("apns-priority", "apns-expiration", "apns-collapse-id")}
    assert shown == {"apns-priority": "10", "apns-expiration": expiration, "apns-collapse-id": "a"}


def test_the_clock_only_goes_forward(live: LivePhone) -> None:
    http = live.simulator.http
    before = http.get("/clock").json()["offset_seconds"]
    assert http.post("/clock", json={"advance_seconds": 1.5}).json() == {"offset_seconds": before + 1.5}
    for wrong in (-1, 1e12, "1", None):
        assert http.post("/clock", json={"advance_seconds": wrong}).status_code == 400
    assert http.get("/clock").json() == {"offset_seconds": before + 1.5}
