"""Tokens that come late, change or die, and phones that were away: the screen ends up right all the same."""

import concurrent.futures
import datetime as dt
import functools
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.backend import JSON, devices, progress, steps
from tests.e2e.conftest import LiveAudience
from tests.team import App, Team, push
from tests.waiting import eventually


def events(team: Team, *tokens: str) -> list[str]:
    """What the pushes that APNs saw for these tokens do."""
    return [one["document"]["aps"]["event"] for one in team.sent_to(*tokens)]


# --- update tokens ---


def test_what_comes_before_the_update_token_is_held_and_only_the_last_state_is_sent(
    team: Team, live: LiveAudience
) -> None:
    live.phone.do("settings", update_token_delay_seconds=None)
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    for step in (2, 3, 4):
        answer = live.backend.update(activity_id, steps(step, 9))
        assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)
    assert live.phone.shows_activity(activity_id)["content_state"] == steps(1, 9)
    live.phone.do("settings", update_token_delay_seconds=0)
    card = live.phone.shows_activity(activity_id, current_step=4)
    assert events(team, card["update_token"]) == ["update"]


def test_an_alert_that_was_held_is_said_with_the_last_state(live: LiveAudience) -> None:
    live.phone.do("settings", update_token_delay_seconds=None)
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    live.backend.update(activity_id, steps(2, 9), alert={"title": "Second step"})
    live.backend.update(activity_id, steps(3, 9))
    live.phone.do("settings", update_token_delay_seconds=0)
    card = live.phone.shows_activity(activity_id, current_step=3)
    assert [alert["title"] for alert in card["alerts"][1:]] == ["Second step"]


def test_an_end_before_the_update_token_is_held_and_is_all_that_is_sent(team: Team, live: LiveAudience) -> None:
    live.phone.do("settings", update_token_delay_seconds=None)
    activity_id = live.backend.start(steps())["activity_id"]
    live.backend.update(activity_id, steps(2))
    answer = live.backend.end(activity_id, steps(3))
    assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)
    token = live.phone.shows_activity(activity_id, current_step=1)["update_token"]
    live.phone.do("settings", update_token_delay_seconds=0)
    live.phone.shows_activity(activity_id, state="ended", current_step=3)
    assert events(team, token) == ["end"]


def test_a_stream_that_was_deleted_before_the_update_token_came_leaves_nothing_alive(
    team: Team, live: LiveAudience
) -> None:
    live.phone.do("settings", update_token_delay_seconds=None)
    key = team.unique("stream")
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.phone.shows_activity(activity_id)
    live.backend.delete(key, steps(3, auto_dismiss_minutes=0))
    live.phone.do("settings", update_token_delay_seconds=0)
    live.phone.shows_no_activity()


def test_a_stream_that_rotates_before_the_update_token_came_leaves_one_card(team: Team, live: LiveAudience) -> None:
    live.phone.do("settings", update_token_delay_seconds=None)
    key = team.unique("stream")
    first = live.backend.put(key, steps())["activity_id"]
    live.phone.shows_activity(first)
    second = live.backend.put(key, progress(5))["activity_id"]
    live.phone.shows_activity(second, percentage=5)
    live.phone.do("settings", update_token_delay_seconds=0)
    live.phone.shows_no_activity(first)
    live.phone.shows_activity(second, percentage=5)


def test_updates_follow_a_token_that_rotates(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    old = live.phone.live(activity_id)["update_token"]
    for step in (2, 3):
        live.phone.do(f"live-activities/{activity_id}/rotate-token")
        new = live.phone.live(activity_id)["update_token"]
        assert new != old
        live.backend.update(activity_id, steps(step, 9))
        live.phone.shows_activity(activity_id, current_step=step)
        old = new
    live.backend.end(activity_id, steps(9, 9))
    live.phone.shows_activity(activity_id, state="ended", current_step=9)


def test_a_dead_update_token_does_not_kill_the_device(team: Team, live: LiveAudience) -> None:
    first = live.backend.start(steps())["activity_id"]
    live.phone.live(first)
    live.phone.do("settings", update_token_delay_seconds=None)
    live.phone.do(f"live-activities/{first}/rotate-token")
    answer = live.backend.update(first, steps(2))
    assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)
    device = team.device(live.phone.device_id)
    assert (device["push_token_state"], device["push_to_start_token_state"]) == ("active", "active")
    assert push(live.key, title="the device lives").json()["devices_notified"] == 1
    second = live.backend.start(progress(1))
    assert second["devices_notified"] == 1
    live.phone.shows_activity(second["activity_id"])
    live.phone.do("settings", update_token_delay_seconds=0)
    live.phone.shows_activity(first, current_step=2)


def test_an_end_that_meets_a_dead_update_token_comes_with_the_next_one(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    live.phone.do("settings", update_token_delay_seconds=None)
    live.phone.do(f"live-activities/{activity_id}/rotate-token")
    answer = live.backend.end(activity_id, steps(3))
    assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)
    live.phone.do("settings", update_token_delay_seconds=0)
    live.phone.shows_activity(activity_id, state="ended", current_step=3)


# --- push-to-start tokens ---


def test_starts_follow_a_push_to_start_token_that_rotates(live: LiveAudience) -> None:
    live.phone.do("rotate-start-token")
    started = live.backend.start(steps())
    assert started["devices_notified"] == 1
    live.phone.shows_activity(started["activity_id"])


def test_a_dead_push_to_start_token_is_reported_and_the_start_comes_with_the_next_one(
    team: Team, live: LiveAudience
) -> None:
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    started = live.backend.start(steps())
    assert (started["devices_notified"], started["devices_queued"], started["users_notified"]) == (0, 1, 0)
    device = team.device(live.phone.device_id)
    assert (device["push_to_start_token_state"], device["push_to_start_token_reason"]) == ("dead", "Unregistered")
    assert device["push_token_state"] == "active"
    updated = live.backend.update(started["activity_id"], steps(2))
    assert (updated["devices_notified"], updated["devices_queued"]) == (0, 1)
    assert live.phone.cards() == []
    live.phone.do("settings", token_delay_seconds=0)
    card = live.phone.shows_activity(started["activity_id"], current_step=2)
    assert card["duplicate_starts"] == 0
    assert team.device(live.phone.device_id)["push_to_start_token_state"] == "active"


def test_a_device_whose_push_to_start_token_is_known_to_be_dead_is_still_started_on(live: LiveAudience) -> None:
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    first = live.backend.start(steps())["activity_id"]
    second = live.backend.start(progress(1))
    assert (second["devices_notified"], second["devices_queued"]) == (0, 1)
    live.phone.do("settings", token_delay_seconds=0)
    live.phone.shows_activity(first)
    live.phone.shows_activity(second["activity_id"])


def test_what_ended_before_it_could_start_never_appears(live: LiveAudience) -> None:
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    gone = live.backend.start(steps())["activity_id"]
    ended = live.backend.end(gone, steps(3))
    assert (ended["devices_notified"], ended["devices_queued"]) == (0, 0)
    stays = live.backend.start(progress(1))["activity_id"]
    live.phone.do("settings", token_delay_seconds=0)
    live.phone.shows_activity(stays)
    live.phone.shows_no_activity(gone)


def test_a_dead_push_to_start_token_leaves_what_is_shown_alone(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    live.backend.start(progress(1))
    assert devices(live.backend.update(activity_id, steps(2))) == 1
    live.phone.shows_activity(activity_id, current_step=2)


def test_a_push_to_start_token_that_is_silently_out_of_date_is_made_up_for_when_the_app_is_opened(
    live: LiveAudience,
) -> None:
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token", old="silent")
    started = live.backend.start(steps())
    assert started["devices_notified"] == 1, "APNs says that it took it"
    live.backend.update(started["activity_id"], steps(2))
    assert live.phone.cards() == []
    live.phone.do("open")
    live.phone.shows_activity(started["activity_id"], current_step=2)
    live.phone.live(started["activity_id"])
    live.backend.update(started["activity_id"], steps(3))
    live.phone.shows_activity(started["activity_id"], current_step=3)


# --- phones that were away ---


def test_a_phone_that_was_off_from_the_start_shows_the_latest_state(live: LiveAudience) -> None:
    live.phone.do("settings", offline=True)
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    for step in (2, 3):
        live.backend.update(activity_id, steps(step, 9))
    live.phone.do("settings", offline=False)
    live.phone.shows_activity(activity_id, current_step=3)
    live.phone.live(activity_id)
    live.backend.update(activity_id, steps(4, 9))
    assert live.phone.shows_activity(activity_id, current_step=4)["duplicate_starts"] == 0


def test_a_phone_that_missed_updates_of_several_activities_shows_them_all(live: LiveAudience) -> None:
    activities = [live.backend.start(steps(1, 9, title=f"T{number}"))["activity_id"] for number in range(3)]
    for activity_id in activities:
        live.phone.live(activity_id)
    live.phone.do("settings", offline=True)
    for number, activity_id in enumerate(activities):
        live.backend.update(activity_id, steps(2 + number, 9))
    live.phone.do("settings", offline=False)
    for number, activity_id in enumerate(activities):
        live.phone.shows_activity(activity_id, current_step=2 + number)


def test_a_phone_that_missed_an_end_shows_it_or_nothing(live: LiveAudience) -> None:
    stays, goes, other = (live.backend.start(steps())["activity_id"] for _ in range(3))
    for activity_id in (stays, goes, other):
        live.phone.live(activity_id)
    live.phone.do("settings", offline=True)
    live.backend.end(stays, steps(3))
    live.backend.end(goes, steps(3, auto_dismiss_minutes=0))
    live.backend.update(other, steps(2))
    live.phone.do("settings", offline=False)
    live.phone.shows_activity(other, current_step=2)
    live.phone.shows_activity(stays, state="ended", current_step=3)
    live.phone.shows_no_activity(goes)


def test_a_phone_that_missed_a_rotation_shows_the_new_activity_only(team: Team, live: LiveAudience) -> None:
    key = team.unique("stream")
    first = live.backend.put(key, steps())["activity_id"]
    live.phone.live(first)
    live.phone.do("settings", offline=True)
    second = live.backend.put(key, progress(1))["activity_id"]
    third = live.backend.put(key, {"title": "CPU", "type": "metrics", "metrics": [{"label": "CPU", "value": 1}]})
    live.phone.do("settings", offline=False)
    live.phone.shows_activity(third["activity_id"], title="CPU")
    live.phone.shows_no_activity(first)
    live.phone.shows_no_activity(second)


def test_a_phone_that_missed_start_and_end_shows_nothing_alive(live: LiveAudience) -> None:
    live.phone.do("settings", offline=True)
    activity_id = live.backend.start(steps())["activity_id"]
    live.backend.end(activity_id, steps(3, auto_dismiss_minutes=0))
    live.phone.do("settings", offline=False)
    live.phone.shows_no_activity(activity_id)
    live.phone.do("open")
    live.phone.shows_no_activity(activity_id)


def test_a_phone_whose_app_does_not_catch_up_shows_the_last_push(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    live.phone.do("settings", offline=True, catches_up=False)
    live.backend.update(activity_id, steps(2, 9))
    live.backend.update(activity_id, steps(3, 9))
    eventually("both are with APNs", lambda: len(events(team, token)) == 2)
    live.phone.do("settings", offline=False)
    live.phone.shows_activity(activity_id, current_step=3)


def test_a_card_that_was_dismissed_offline_stays_away(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    live.phone.do("settings", offline=True)
    live.phone.dismiss(activity_id)
    live.backend.update(activity_id, steps(2))
    live.phone.do("settings", offline=False)
    eventually(
        "the server knows",
        lambda: live.backend.update(activity_id, steps(3)),
        until=lambda told: devices(told) == 0,
    )
    live.phone.do("open")
    assert live.phone.cards() == []


# --- the app's side ---


@pytest.fixture
def app(faulty: Team, live: LiveAudience) -> App:
    """An app in the audience's channel that the test plays itself."""
    live.phone.remove()
    return faulty.app(live.channel_id)


def update_token(team: Team, *verdicts: JSON) -> str:
    """A new update token, for which APNs has these verdicts (or accepts everything)."""
    token = secrets.token_hex(32)
    team.accept(token)
    if verdicts:
        team.faults(tokens={token: list(verdicts)})
    return token


def only(app: App) -> dict[str, Any]:
    """The one activity that should be on the screen."""
    (told,) = app.state()
    return told


def moment(text: str) -> dt.datetime:
    """A timestamp of the API."""
    return dt.datetime.fromisoformat(text)


def test_the_state_follows_an_activity_from_its_start_to_its_dismissal(
    faulty: Team, live: LiveAudience, app: App
) -> None:
    assert app.state() == []
    action = {"title": "Pause", "type": "webhook", "url": "https://hooks.example.com/s", "body": {"secret": 1}}
    activity_id = live.backend.start(steps(color="red"), action=action)["activity_id"]
    started = only(app)
    assert started.keys() == {"activity_id", "phase", "content_state", "timestamp", "started_at", "stale_at"}
    assert (started["activity_id"], started["phase"]) == (activity_id, "active")
    button = started["content_state"].pop("action")
    assert started["content_state"] == steps(color="red")
    assert (button["title"], button["type"], "url" in button, "body" in button) == ("Pause", "webhook", False, False)
    lifetime = moment(started["stale_at"]) - moment(started["started_at"])
    assert lifetime.total_seconds() == pytest.approx(8 * 3600, abs=10)
    assert app.report_update_token(activity_id, update_token(faulty)).status_code == 200
    live.backend.update(activity_id, steps(2))
    # While its push is being claimed, the state is told with the timestamp of the one before.
    updated = eventually("it is sent", lambda: only(app), until=lambda one: one["timestamp"] > started["timestamp"])
    assert (updated["phase"], updated["content_state"]["current_step"]) == ("active", 2)
    assert updated["timestamp"] > started["timestamp"]
    asked = dt.datetime.now(dt.UTC).timestamp()
    live.backend.end(activity_id, steps(3, auto_dismiss_minutes=1))
    answered = dt.datetime.now(dt.UTC).timestamp()
    ended = eventually("it is sent", lambda: only(app), until=lambda one: one["timestamp"] > updated["timestamp"])
    assert (ended["phase"], ended["content_state"]["current_step"]) == ("ended", 3)
    assert ended["timestamp"] > updated["timestamp"]
    assert asked - 1 < moment(ended["dismiss_at"]).timestamp() - 60 < answered + 1


def test_what_is_to_leave_at_once_is_not_listed(live: LiveAudience, app: App) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.backend.end(activity_id, steps(3, auto_dismiss_minutes=0))
    assert app.state() == []


def test_what_could_not_start_yet_is_starting(faulty: Team, live: LiveAudience, app: App) -> None:
    faulty.faults(tokens={app.push_to_start_token: [{"status": 410, "reason": "Unregistered"}]})
    live.backend.start(steps())
    told = only(app)
    assert (told["phase"], "started_at" in told) == ("starting", False)
    assert told["content_state"] == steps()


def test_several_activities_are_listed_oldest_first(live: LiveAudience, app: App) -> None:
    activities = [live.backend.start(progress(number))["activity_id"] for number in range(4)]
    assert [told["activity_id"] for told in app.state()] == activities


def test_a_dismissed_activity_is_listed_no_more(live: LiveAudience, app: App) -> None:
    first = live.backend.start(steps())["activity_id"]
    second = live.backend.start(steps())["activity_id"]
    assert app.report_dismissed(first).status_code == 200
    assert app.report_dismissed(first).status_code == 200
    assert [told["activity_id"] for told in app.state()] == [second]


def test_the_state_is_for_devices_only_and_for_each_its_own(team: Team, live: LiveAudience, app: App) -> None:
    stranger = team.app(team.channel()[1])
    live.backend.start(steps())
    assert stranger.state() == []
    assert len(app.state()) == 1
    for client, status in ((live.key, 403), (team.owner, 403), (team.anybody, 401)):
        assert client.get("/api/device/state").status_code == status


def test_only_what_was_started_on_a_phone_has_an_update_token_there(team: Team, live: LiveAudience, app: App) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    stranger = team.app(team.channel()[1])
    token = secrets.token_hex(32)
    unknown = "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW"
    calls: list[Callable[[], Any]] = [
        lambda: stranger.report_update_token(activity_id, token),
        lambda: stranger.report_dismissed(activity_id),
        lambda: app.report_update_token(unknown, token),
        lambda: app.report_dismissed(unknown),
        lambda: app.report_update_token("short", token),
    ]
    for call in calls:
        assert call().status_code == 404
    assert app.report_update_token(activity_id, token).status_code == 200


@pytest.mark.parametrize("token", ["", "xyz", "abc", " " * 64, "a" * 5000, None, 7])
def test_a_malformed_update_token_is_refused(live: LiveAudience, app: App, token: Any) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    refused = app.report_update_token(activity_id, token)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("token ")


def test_a_token_that_is_reported_twice_costs_nothing(faulty: Team, live: LiveAudience, app: App) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    token = update_token(faulty)
    app.report_update_token(activity_id, token)
    live.backend.update(activity_id, steps(2))
    eventually("it is sent", lambda: events(faulty, token) == ["update"])
    for _ in range(3):
        assert app.report_update_token(activity_id, token).status_code == 200
    live.backend.end(activity_id, steps(3))
    eventually("the end is sent", lambda: events(faulty, token)[-1] == "end")
    assert events(faulty, token) == ["update", "end"]


@pytest.mark.thorough
def test_an_update_at_the_very_moment_its_token_comes_is_not_lost(faulty: Team, live: LiveAudience, app: App) -> None:
    for _ in range(20):
        activity_id = live.backend.start(steps())["activity_id"]
        token = update_token(faulty)
        with concurrent.futures.ThreadPoolExecutor() as threads:
            reported = threads.submit(app.report_update_token, activity_id, token)
            live.backend.update(activity_id, steps(2))
            assert reported.result().status_code == 200
        eventually("the update is sent", functools.partial(events, faulty, token))
        assert faulty.sent_to(token)[-1]["document"]["aps"]["content-state"]["current_step"] == 2
        live.backend.end(activity_id, steps(3))


def test_a_token_after_the_dismissal_wakes_nothing(faulty: Team, live: LiveAudience, app: App) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    app.report_dismissed(activity_id)
    token = update_token(faulty)
    assert app.report_update_token(activity_id, token).status_code == 200
    answer = live.backend.update(activity_id, steps(2))
    assert (answer["devices_notified"], answer["devices_queued"]) == (0, 0)
    live.backend.end(activity_id, steps(3))
    assert app.state() == []
    assert events(faulty, token) == []


@pytest.mark.thorough
def test_an_update_token_proves_a_start_that_apns_never_answered(faulty: Team, live: LiveAudience, app: App) -> None:
    faulty.faults(tokens={app.push_to_start_token: [{"action": "mute"}]})
    started = live.backend.start(steps())
    assert (started["devices_notified"], started["devices_queued"]) == (0, 1)
    token = update_token(faulty)
    app.report_update_token(started["activity_id"], token)
    live.backend.update(started["activity_id"], steps(2))
    eventually("the update is sent", lambda: events(faulty, token))
    live.backend.end(started["activity_id"], steps(3))
    eventually("the end is sent", lambda: events(faulty, token)[-1] == "end")
    assert events(faulty, app.push_to_start_token) == ["start"]


def test_a_start_that_apns_refuses_for_good_is_not_tried_again(faulty: Team, live: LiveAudience, app: App) -> None:
    faulty.faults(tokens={app.push_to_start_token: [{"status": 400, "reason": "BadExpirationDate"}]})
    started = live.backend.start(steps())
    assert (started["devices_notified"], started.get("devices_queued", 0)) == (0, 0)
    assert app.state() == []
    assert events(faulty, app.push_to_start_token) == ["start"]


def test_an_update_that_apns_puts_off_arrives_with_the_state_that_is_latest_then(
    faulty: Team, live: LiveAudience, app: App
) -> None:
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    # Put off for as long as a busy machine takes to say what is latest.
    token = update_token(faulty, {"status": 503, "reason": "Shutdown"})
    app.report_update_token(activity_id, token)
    live.backend.update(activity_id, steps(2, 9))
    eventually("it is put off", lambda: events(faulty, token))
    live.backend.update(activity_id, steps(3, 9))
    faulty.accept(token)
    eventually("it arrives", lambda: faulty.sent_to(token)[-1]["status"] == 200)
    *refused, accepted = faulty.sent_to(token)
    assert {one["status"] for one in refused} == {503}
    put_off, arrived = refused[0]["document"]["aps"], accepted["document"]["aps"]
    assert put_off["content-state"]["current_step"] == 2
    assert arrived["content-state"]["current_step"] == 3
    assert arrived["timestamp"] > put_off["timestamp"]


def test_an_update_that_is_tried_again_unchanged_keeps_its_timestamp_and_its_id(
    faulty: Team, live: LiveAudience, app: App
) -> None:
    activity_id = live.backend.start(steps(1, 9))["activity_id"]
    token = update_token(faulty, {"status": 503, "reason": "Shutdown"}, {"status": 200})
    app.report_update_token(activity_id, token)
    live.backend.update(activity_id, steps(2, 9))
    eventually("it is tried again", lambda: len(events(faulty, token)) == 2)
    put_off, arrived = faulty.sent_to(token)
    assert arrived["document"] == put_off["document"]
    assert arrived["headers"]["apns-id"] == put_off["headers"]["apns-id"]
