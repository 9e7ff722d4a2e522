"""Live Activities that their backend manages: start, update and end, as people see them on their phones."""

import datetime as dt
import json
import re
import time
from typing import Any

import pytest

from tests.e2e.backend import JSON, change, devices, progress, steps
from tests.e2e.conftest import LiveAudience, MakeBackend
from tests.team import Team, push
from tests.waiting import eventually

SCOPE_VIOLATION = (
    "This API key can only target assigned channels. Requested channels include channels outside this key scope."
)
METRICS = [{"label": "CPU", "value": 9, "unit": "%"}, {"label": "MEM", "value": 45.5}]
UNKNOWN_ID = "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW"

SHOWN: list[tuple[JSON, JSON]] = [
    (
        steps(2, 5, subtitle="upload", color="yellow", step_color="red", step_colors=["green"]),
        steps(2, 5, subtitle="upload", color="yellow", step_color="red", step_colors=["green"]),
    ),
    (progress(67.5, color="lime"), progress(67.5, color="lime")),
    (progress(0), progress(0)),
    (
        {"title": "Upload", "type": "progress", "value": 12.5, "upper_limit": 40},
        {"title": "Upload", "type": "progress", "value": 12.5, "upper_limit": 40},
    ),
    (
        {"title": "percentage wins", "type": "progress", "percentage": 15, "value": 1, "upper_limit": 4},
        {"title": "percentage wins", "type": "progress", "percentage": 15},
    ),
    (
        {"title": "Server Health", "type": "metrics", "metrics": METRICS},
        {"title": "Server Health", "type": "metrics", "metrics": METRICS},
    ),
    (
        {"title": "what the type does not show is left out", "type": "metrics", "metrics": METRICS, "current_step": 1},
        {"title": "what the type does not show is left out", "type": "metrics", "metrics": METRICS},
    ),
    *[
        (
            {"title": kind, "type": kind, "number_of_steps": 4, "current_step": 2},
            {"title": kind, "type": kind, "number_of_steps": 4, "current_step": 2},
        )
        for kind in ("counter", "timer", "countdown")
    ],
]


@pytest.mark.parametrize(("sent", "shown"), SHOWN, ids=[f"{sent['type']}: {sent['title']}" for sent, _ in SHOWN])
def test_every_type_is_shown_as_it_was_sent(live: LiveAudience, sent: JSON, shown: JSON) -> None:
    started = live.backend.start(sent)
    assert live.phone.shows_activity(started["activity_id"])["content_state"] == shown
    live.backend.update(started["activity_id"], {**sent, "subtitle": "again"})
    card = live.phone.shows_activity(started["activity_id"], subtitle="again")
    assert card["content_state"] == {**shown, "subtitle": "again"}


def test_every_color_is_shown(live: LiveAudience) -> None:
    first = steps(2, 4, color="lime", step_color="green", step_colors=["cyan", "blue"])
    second = steps(3, 4, color="purple", step_color="magenta", step_colors=["red", "orange", "yellow"])
    for state in (first, second):
        started = live.backend.start(state)
        assert live.phone.shows_activity(started["activity_id"])["content_state"] == state


def test_a_start_is_on_the_screen_within_a_second_of_the_answer(live: LiveAudience) -> None:
    started = live.backend.start(steps())
    assert (started["devices_notified"], "devices_queued" in started) == (1, False)
    live.phone.shows_activity(started["activity_id"], seconds=1)


def test_the_answers_have_the_documented_shape(live: LiveAudience) -> None:
    started = live.backend.start(steps())
    activity_id = started["activity_id"]
    assert started.keys() == {
        "success", "activity_id", "devices_notified", "users_notified", "effective_channel_slugs", "timestamp",
    }  # fmt: skip
    assert started["success"] is True
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", activity_id)
    assert (started["devices_notified"], started["users_notified"]) == (1, 1)
    assert started["effective_channel_slugs"] == [live.slug]
    live.phone.live(activity_id)
    updated = live.backend.update(activity_id, steps(2))
    assert updated.keys() == {
        "success", "activity_id", "devices_notified", "devices_queued", "timestamp",
        "users_notified", "effective_channel_slugs",
    }  # fmt: skip
    assert (updated["success"], updated["activity_id"]) == (True, activity_id)
    assert devices(updated) == 1
    assert updated["users_notified"] == updated["devices_notified"]
    assert updated["effective_channel_slugs"] == [live.slug]
    ended = live.backend.end(activity_id, steps(3))
    assert ended.keys() == {"success", "activity_id", "devices_notified", "devices_queued", "timestamp"}
    assert (ended["success"], ended["activity_id"]) == (True, activity_id)
    assert devices(ended) == 1
    for answer in (started, updated, ended):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["timestamp"])
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(answer["timestamp"])
        assert abs(age) < dt.timedelta(minutes=1)


# --- what a change changes ---


def test_what_an_update_leaves_out_is_gone_but_for_type_color_and_number_of_steps(live: LiveAudience) -> None:
    started = live.backend.start(steps(1, 3, subtitle="create snapshot", color="yellow", step_color="red"))
    live.backend.update(started["activity_id"], {"title": "Backup", "current_step": 2})
    card = live.phone.shows_activity(started["activity_id"], current_step=2)
    assert card["content_state"] == {
        "title": "Backup", "type": "segmented_progress", "number_of_steps": 3, "current_step": 2, "color": "yellow",
    }  # fmt: skip


@pytest.mark.parametrize("total", [2, 7])
def test_the_number_of_steps_may_shrink_and_grow(live: LiveAudience, total: int) -> None:
    activity_id = live.backend.start(steps(1, 4))["activity_id"]
    live.backend.update(activity_id, {"title": "Backup", "number_of_steps": total, "current_step": 2})
    live.phone.shows_activity(activity_id, number_of_steps=total, current_step=2)
    live.backend.end(activity_id, {"title": "Backup", "number_of_steps": total + 1, "current_step": total + 1})
    live.phone.shows_activity(activity_id, state="ended", number_of_steps=total + 1, current_step=total + 1)


def test_an_update_may_change_the_type(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps(1, 4, color="red"))["activity_id"]
    live.backend.update(activity_id, progress(10))
    shown = live.phone.shows_activity(activity_id, type="progress")["content_state"]
    assert shown == progress(10, color="red")


def test_camel_case_names_are_accepted(live: LiveAudience) -> None:
    state = {"title": "camel", "type": "segmented_progress", "numberOfSteps": 3, "currentStep": 1, "stepColor": "red"}
    activity_id = live.backend.start(state)["activity_id"]
    live.phone.shows_activity(activity_id, number_of_steps=3, current_step=1, step_color="red")


@pytest.mark.parametrize("title", ["emoji 👩‍👩‍👧‍👦", 'quotes " and \\ backslash', "line\nbreak", "עברית"])
def test_any_text_survives_the_journey(live: LiveAudience, title: str) -> None:
    activity_id = live.backend.start(progress(1, title=title, subtitle=title))["activity_id"]
    live.phone.shows_activity(activity_id, title=title, subtitle=title)


# --- the button ---


def test_an_open_url_button_opens_its_url(live: LiveAudience) -> None:
    url = "https://github.com/acme/payments-api/actions/runs/1234567890?q=a%20b#top"
    action = {"title": "Open Workflow", "type": "open_url", "url": url}
    activity_id = live.backend.start(steps(), action=action)["activity_id"]
    (button,) = live.phone.shows_activity(activity_id)["actions"]
    assert (button["title"], button["type"], button["url"]) == ("Open Workflow", "open_url", url)
    assert live.phone.do("tap", action_id=button["id"]).json() == {"opened": url}


def test_a_webhook_url_and_body_never_reach_the_phone(team: Team, live: LiveAudience) -> None:
    def webhook(secret: str) -> JSON:
        url = f"https://hooks.example.com/{secret}"
        return {"title": secret[:5], "type": "webhook", "url": url, "method": "POST", "body": {"token": secret}}

    activity_id = live.backend.start(steps(), action=webhook("start-secret"))["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    live.backend.update(activity_id, steps(2), action=webhook("updat-secret"))
    live.phone.shows_activity(activity_id, current_step=2)
    live.backend.end(activity_id, steps(3), action=webhook("endof-secret"))
    (button,) = live.phone.shows_activity(activity_id, state="ended")["actions"]
    assert button.keys() >= {"id", "title", "type"}
    assert (button["title"], button["type"], button.get("url")) == ("endof", "webhook", None)
    sent = team.sent_to(live.phone.read()["push_to_start_token"], token)
    assert [one["document"]["aps"]["event"] for one in sent] == ["start", "update", "end"]
    assert [one["document"]["aps"]["content-state"]["action"]["title"] for one in sent] == ["start", "updat", "endof"]
    told = json.dumps([sent, live.phone.read()])
    assert "hooks.example.com" not in told
    assert "secret" not in told


def test_a_button_stays_until_another_takes_its_place(live: LiveAudience) -> None:
    action = {"title": "Pause", "type": "webhook", "url": "https://hooks.example.com/pause"}
    activity_id = live.backend.start(steps(1, 5), action=action)["activity_id"]
    (first,) = live.phone.live(activity_id)["actions"]
    live.backend.update(activity_id, steps(2, 5))
    assert live.phone.shows_activity(activity_id, current_step=2)["actions"] == [first]
    live.backend.update(activity_id, steps(3, 5), action=action)
    assert live.phone.shows_activity(activity_id, current_step=3)["actions"] == [first]
    live.backend.update(activity_id, steps(4, 5), action={**action, "title": "Resume"})
    (second,) = live.phone.shows_activity(activity_id, current_step=4)["actions"]
    assert second["title"] == "Resume"
    assert second["id"] != first["id"]


# --- what the phone says ---


@pytest.mark.parametrize(
    ("state", "alert", "said"),
    [
        (progress(1, title="Charging", subtitle="30 mi"), None, ("Charging", "30 mi")),
        (progress(1, title="Charging"), None, ("Charging", "Started")),
        (progress(1, title="Charging"), {}, ("Charging", "Started")),
        (progress(1, title="Charging"), {"title": "Hello", "body": "there"}, ("Hello", "there")),
        (progress(1, title="Charging", subtitle="30 mi"), {"title": "Hello"}, ("Hello", "30 mi")),
        (progress(1, title="Charging"), {"body": "there"}, ("Charging", "there")),
    ],
)
def test_a_start_is_always_said_aloud(live: LiveAudience, state: JSON, alert: JSON | None, said: Any) -> None:
    activity_id = live.backend.start(state, **({} if alert is None else {"alert": alert}))["activity_id"]
    (shown,) = live.phone.shows_activity(activity_id)["alerts"]
    assert (shown["title"], shown["body"], shown["sound"]) == (*said, "default")


def test_updates_and_ends_are_silent_unless_they_bring_an_alert(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps(1, 5))["activity_id"]
    live.phone.live(activity_id)
    live.backend.update(activity_id, steps(2, 5))
    assert len(live.phone.shows_activity(activity_id, current_step=2)["alerts"]) == 1
    live.backend.update(activity_id, steps(3, 5, subtitle="halfway"), alert={"title": "Look"})
    alerts = live.phone.shows_activity(activity_id, current_step=3)["alerts"]
    assert alerts[1:] == [{"title": "Look", "body": "halfway", "sound": "default"}]
    live.backend.update(activity_id, steps(4, 5))
    assert len(live.phone.shows_activity(activity_id, current_step=4)["alerts"]) == 2
    live.backend.end(activity_id, steps(5, 5), alert={"title": "Done", "body": "All 5 steps"})
    alerts = live.phone.shows_activity(activity_id, state="ended")["alerts"]
    assert alerts[2:] == [{"title": "Done", "body": "All 5 steps", "sound": "default"}]


def test_a_silent_end_is_silent(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.backend.end(activity_id, steps(3))
    assert len(live.phone.shows_activity(activity_id, state="ended")["alerts"]) == 1


# --- whom it is for ---


def test_a_key_of_scope_all_reaches_the_channels_it_names(
    team: Team, live: LiveAudience, make_backend: MakeBackend
) -> None:
    other_slug, other_id = team.channel()
    other, outsider = team.phone(channel_id=other_id), team.phone()
    backend = make_backend(team.key())
    answer = backend.start(steps(), target={"channels": [other_slug, live.slug]})
    assert answer["effective_channel_slugs"] == [other_slug, live.slug]
    assert (answer["devices_notified"], answer["users_notified"]) == (2, 1)
    for phone in (live.phone, other):
        phone.shows_activity(answer["activity_id"])
    assert outsider.cards() == []


def test_a_scoped_key_reaches_its_channels_or_some_of_them(
    team: Team, live: LiveAudience, make_backend: MakeBackend
) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(user_id=team.person(), channel_id=other_id)
    backend = make_backend(team.key(live.slug, other_slug))
    everywhere = backend.start(steps())
    assert set(everywhere["effective_channel_slugs"]) == {live.slug, other_slug}
    assert (everywhere["devices_notified"], everywhere["users_notified"]) == (2, 2)
    one = backend.start(steps(), target={"channels": [other_slug]})
    assert (one["devices_notified"], one["effective_channel_slugs"]) == (1, [other_slug])
    other.shows_activity(one["activity_id"])
    assert [card["activity_id"] for card in live.phone.cards()] == [everywhere["activity_id"]]


def test_a_phone_in_two_matching_channels_gets_one_card(
    team: Team, live: LiveAudience, make_backend: MakeBackend
) -> None:
    second, second_id = team.channel()
    team.assign_device(second_id, live.phone)
    backend = make_backend(team.key(live.slug, second))
    answer = backend.start(steps())
    assert (answer["devices_notified"], answer["users_notified"]) == (1, 1)
    assert live.phone.shows_activity(answer["activity_id"])["duplicate_starts"] == 0


def test_all_phones_of_a_person_count_as_one_user(team: Team, make_backend: MakeBackend) -> None:
    person = team.person()
    slug, channel_id = team.channel()
    team.assign_user(channel_id, person)
    phones = [team.phone(user_id=person), team.phone(user_id=person)]
    backend = make_backend(team.key(slug))
    started = backend.start(steps())
    assert (started["devices_notified"], started["users_notified"]) == (2, 1)
    for phone in phones:
        phone.live(started["activity_id"])
    assert devices(backend.update(started["activity_id"], steps(2))) == 2
    for phone in phones:
        phone.shows_activity(started["activity_id"], current_step=2)


def test_a_target_outside_the_key_gets_the_documented_403(team: Team, live: LiveAudience) -> None:
    foreign, _ = team.channel()
    for slugs in ([foreign], [live.slug, foreign], ["no-such-channel"]):
        refused = live.backend.call("POST", "start", {"content_state": steps(), "target": {"channels": slugs}})
        assert refused.status_code == 403
        assert refused.json() == {"error": "Invalid channel targeting", "message": SCOPE_VIOLATION}
    assert live.phone.cards() == []


def test_no_device_is_the_documented_404(team: Team, make_backend: MakeBackend) -> None:
    empty, _ = team.channel()
    refused = make_backend(team.key(empty)).call("POST", "start", {"content_state": steps()})
    assert refused.status_code == 404
    assert refused.json() == {
        "error": "No recipients found",
        "message": "No Live Activity devices matched the effective channel target",
        "effective_channel_slugs": [empty],
    }


def test_an_unknown_channel_is_named(team: Team, live: LiveAudience, make_backend: MakeBackend) -> None:
    body = {"content_state": steps(), "target": {"channels": [live.slug, "no-such-channel"]}}
    refused = make_backend(team.key()).call("POST", "start", body)
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Invalid channel targeting",
        "message": "target.channels[1]: there is no channel with the slug no-such-channel",
        "field": "target.channels[1]",
    }


def test_an_activity_keeps_the_phones_it_was_started_on(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    newcomer = team.phone(channel_id=live.channel_id)
    assert devices(live.backend.update(activity_id, steps(2))) == 1
    live.phone.shows_activity(activity_id, current_step=2)
    assert newcomer.cards() == []


# --- whose it is ---


@pytest.mark.parametrize("what", ["update", "end"])
def test_another_accounts_activity_is_the_documented_403(
    neighbours: Team, live: LiveAudience, make_backend: MakeBackend, what: str
) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    stranger = make_backend(neighbours.key())
    refused = stranger.call("POST", what, {"activity_id": activity_id, "content_state": steps(2)})
    assert refused.status_code == 403
    assert refused.json() == {"error": "Forbidden", "message": f"This API key cannot {what} this Live Activity"}
    live.phone.shows_activity(activity_id, current_step=1)


@pytest.mark.parametrize("what", ["update", "end"])
def test_an_activity_beyond_the_keys_channels_is_a_403(
    team: Team, live: LiveAudience, make_backend: MakeBackend, what: str
) -> None:
    other_slug, other_id = team.channel()
    team.phone(channel_id=other_id)
    wide = make_backend(team.key(live.slug, other_slug)).start(steps())["activity_id"]
    for narrow in (live.key, team.key(other_slug)):
        refused = make_backend(narrow).call("POST", what, {"activity_id": wide, "content_state": steps(2)})
        assert refused.status_code == 403
        assert refused.json() == {"error": "Forbidden", "message": f"This API key cannot {what} this Live Activity"}


def test_a_key_of_scope_all_may_update_what_a_scoped_key_has_started(
    team: Team, live: LiveAudience, make_backend: MakeBackend
) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    make_backend(team.key()).update(activity_id, steps(2))
    live.phone.shows_activity(activity_id, current_step=2)


@pytest.mark.parametrize("what", ["update", "end"])
@pytest.mark.parametrize("activity_id", [UNKNOWN_ID, "short", "x" * 5000, "' OR 1=1 --", "é" * 32])
def test_an_unknown_activity_is_a_404(live: LiveAudience, what: str, activity_id: str) -> None:
    refused = live.backend.call("POST", what, {"activity_id": activity_id, "content_state": steps(2)})
    assert refused.status_code == 404
    assert refused.json() == {
        "error": "Live Activity not found",
        "message": "No Live Activity found for activity_id",
    }


# --- the end ---


def test_an_update_after_the_end_is_refused_and_changes_nothing(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    live.backend.end(activity_id, steps(3))
    refused = live.backend.call("POST", "update", {"activity_id": activity_id, "content_state": steps(2)})
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Live Activity ended",
        "message": "This Live Activity has ended and cannot be updated. Start a new one.",
    }
    live.phone.shows_activity(activity_id, state="ended", current_step=3)


def test_ending_it_again_is_ignored(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    live.backend.end(activity_id, steps(3))
    again = live.backend.end(activity_id, steps(1, subtitle="too late"))
    assert again.keys() == {
        "success", "activity_id", "devices_notified", "devices_queued", "timestamp", "ignored",
    }  # fmt: skip
    assert (again["success"], again["ignored"], again["devices_notified"]) == (True, True, 0)
    assert live.phone.shows_activity(activity_id, state="ended", current_step=3)["content_state"] == steps(3)
    assert [one["document"]["aps"]["event"] for one in team.sent_to(token)] == ["end"]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({}, 180),
        ({"auto_dismiss_minutes": 2}, 120),
        ({"auto_dismiss_seconds": 45}, 45),
        ({"auto_dismiss_minutes": 10, "auto_dismiss_seconds": 20}, 20),
        ({"auto_dismiss_minutes": 240}, 4 * 3600),
        ({"auto_dismiss_minutes": 1_000_000}, 4 * 3600),
    ],
)
def test_an_ended_activity_stays_as_long_as_it_should(live: LiveAudience, given: JSON, seconds: int) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    asked = dt.datetime.now(dt.UTC).timestamp()
    live.backend.end(activity_id, steps(3, **given))
    answered = dt.datetime.now(dt.UTC).timestamp()
    card = live.phone.shows_activity(activity_id, state="ended", current_step=3)
    assert asked + seconds - 1 < dt.datetime.fromisoformat(card["dismiss_at"]).timestamp() < answered + seconds + 1


@pytest.mark.parametrize("given", [{"auto_dismiss_minutes": 0}, {"auto_dismiss_seconds": 0}])
def test_zero_removes_it_at_once(live: LiveAudience, given: JSON) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    live.phone.live(activity_id)
    live.backend.end(activity_id, steps(3, **given))
    live.phone.shows_no_activity(activity_id)


def test_a_dismissal_given_at_the_start_is_remembered(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps(auto_dismiss_minutes=0))["activity_id"]
    live.phone.live(activity_id)
    live.backend.end(activity_id, steps(3))
    live.phone.shows_no_activity(activity_id)


# --- the pushes ---


def test_a_start_travels_as_ios_needs_it(team: Team, live: LiveAudience) -> None:
    asked = dt.datetime.now(dt.UTC).timestamp()
    activity_id = live.backend.start(steps(subtitle="create snapshot"))["activity_id"]
    live.phone.shows_activity(activity_id)
    (sent,) = team.sent_to(live.phone.read()["push_to_start_token"])
    headers, aps, now = sent["headers"], sent["document"]["aps"], dt.datetime.now(dt.UTC).timestamp()
    assert headers["apns-push-type"] == "liveactivity"
    assert headers["apns-topic"] == "com.activitysmith.simulator.push-type.liveactivity"
    assert headers["apns-priority"] == "10"
    assert headers["apns-collapse-id"] == activity_id
    assert asked - 1 < int(headers["apns-expiration"]) - 600 < now + 1
    assert aps["event"] == "start"
    assert aps["attributes-type"] == "ActivitySmithAttributes"
    assert aps["attributes"] == {"activity_id": activity_id}
    assert aps["alert"] == {"title": "Nightly database backup", "body": "create snapshot", "sound": "default"}
    assert aps["input-push-token"] == 1
    assert asked - 1 < aps["timestamp"] < now + 1
    assert asked - 1 < aps["stale-date"] - 8 * 3600 < now + 1
    assert 0 < aps["relevance-score"] <= 100
    assert "dismissal-date" not in aps


def test_priority_is_high_for_steps_types_and_alerts_and_low_for_ticks(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(progress(1))["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    updates: list[tuple[JSON, JSON, str]] = [
        (progress(2), {}, "5"),
        (progress(2, subtitle="words alone"), {}, "5"),
        (progress(3), {"alert": {"title": "Look"}}, "10"),
        (steps(1), {}, "10"),
        (steps(2), {}, "10"),
        (steps(2, 4), {}, "10"),
        (steps(2, 4, color="red"), {}, "5"),
    ]
    for number, (state, other, _) in enumerate(updates, start=1):
        live.backend.update(activity_id, state, **other)
        eventually(f"push {number} is seen", lambda count=number: len(team.sent_to(token)) >= count)  # type: ignore[misc]
    sent = team.sent_to(token)
    assert [one["headers"]["apns-priority"] for one in sent] == [priority for _, _, priority in updates]
    relevance = [one["document"]["aps"]["relevance-score"] for one in sent]
    alerting = updates.index(next(update for update in updates if update[1]))
    assert relevance[alerting] == max(relevance)
    assert relevance[0] < relevance[3]


def test_updates_and_ends_travel_as_ios_needs_them(team: Team, live: LiveAudience) -> None:
    # What it shows goes stale eight hours after its start, when iOS ends it.
    asked = dt.datetime.now(dt.UTC).timestamp()
    activity_id = live.backend.start(steps())["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    live.backend.update(activity_id, steps(2))
    live.phone.shows_activity(activity_id, current_step=2)
    live.backend.end(activity_id, steps(3))
    live.phone.shows_activity(activity_id, state="ended")
    update, end = team.sent_to(token)
    now = dt.datetime.now(dt.UTC).timestamp()
    for one in (update, end):
        assert one["headers"]["apns-push-type"] == "liveactivity"
        assert one["headers"]["apns-topic"] == "com.activitysmith.simulator.push-type.liveactivity"
        assert "apns-collapse-id" not in one["headers"]
        assert int(one["headers"]["apns-expiration"]) > now + 7 * 3600
        assert "alert" not in one["document"]["aps"]
        assert "attributes" not in one["document"]["aps"]
    assert update["document"]["aps"]["event"] == "update"
    assert asked - 1 < update["document"]["aps"]["stale-date"] - 8 * 3600 < now + 1
    assert end["headers"]["apns-priority"] == "10"
    assert end["document"]["aps"]["event"] == "end"
    assert asked - 1 < end["document"]["aps"]["dismissal-date"] - 180 < now + 1
    assert end["document"]["aps"]["timestamp"] > update["document"]["aps"]["timestamp"]


# --- many updates ---


def test_what_comes_within_a_second_is_coalesced(team: Team, live: LiveAudience) -> None:
    activity_id = live.backend.start(progress(0))["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    began = time.monotonic()
    answers = [live.backend.update(activity_id, progress(number)) for number in range(1, 31)]
    assert {devices(answer) for answer in answers} == {1}
    assert (0, 1) in {(answer["devices_notified"], answer["devices_queued"]) for answer in answers}
    live.phone.shows_activity(activity_id, percentage=30)
    assert 2 <= len(team.sent_to(token)) <= 3 + time.monotonic() - began


def test_too_many_updates_are_warned_of(live: LiveAudience) -> None:
    activity_id = live.backend.start(progress(0))["activity_id"]
    answers = [live.backend.update(activity_id, progress(number)) for number in range(1, 14)]
    assert [("warning" in answer) for answer in answers] == [False] * 12 + [True]
    assert "more than one update every 2 minutes" in answers[-1]["warning"]
    live.phone.shows_activity(activity_id, percentage=13)


def test_concurrent_updates_end_with_the_last_one_and_none_is_refused(live: LiveAudience) -> None:
    activity_id = live.backend.start(progress(0))["activity_id"]
    live.phone.live(activity_id)
    answers = live.backend.together(
        [("POST", "update", change(activity_id, progress(number))) for number in range(1, 51)]
    )
    assert {answer.status_code for answer in answers} == {200}
    live.backend.update(activity_id, progress(100))
    live.phone.shows_activity(activity_id, percentage=100)


def test_of_concurrent_ends_one_counts(live: LiveAudience) -> None:
    activity_id = live.backend.start(progress(0))["activity_id"]
    live.phone.live(activity_id)
    answers = live.backend.together([("POST", "end", change(activity_id, progress(number))) for number in range(1, 11)])
    assert {answer.status_code for answer in answers} == {200}
    counted = [number for number, answer in enumerate(answers, start=1) if "ignored" not in answer.json()]
    assert len(counted) == 1
    live.phone.shows_activity(activity_id, state="ended", percentage=counted[0])


# --- dismissal ---


def test_a_card_that_was_dismissed_stays_away_from_that_phone_only(team: Team, live: LiveAudience) -> None:
    other = team.phone(channel_id=live.channel_id)
    activity_id = live.backend.start(steps())["activity_id"]
    for phone in (live.phone, other):
        phone.live(activity_id)
    live.phone.dismiss(activity_id)
    answer = eventually(
        "the server knows",
        lambda: live.backend.update(activity_id, steps(2)),
        until=lambda told: devices(told) == 1,
    )
    assert answer["success"] is True
    other.shows_activity(activity_id, current_step=2)
    live.backend.end(activity_id, steps(3))
    other.shows_activity(activity_id, state="ended")
    live.phone.do("open")
    assert live.phone.cards() == []


def test_a_dismissal_leaves_notifications_and_other_activities_alone(live: LiveAudience) -> None:
    first = live.backend.start(steps())["activity_id"]
    second = live.backend.start(progress(1))["activity_id"]
    for activity_id in (first, second):
        live.phone.live(activity_id)
    live.phone.dismiss(first)
    live.backend.update(second, progress(2))
    live.phone.shows_activity(second, percentage=2)
    assert push(live.key, title="still here").json()["devices_notified"] == 1
    live.phone.shows("still here")


# --- a phone that goes ---


def test_a_phone_that_is_unpaired_is_no_longer_counted(team: Team, live: LiveAudience) -> None:
    other = team.phone(channel_id=live.channel_id)
    activity_id = live.backend.start(steps())["activity_id"]
    for phone in (live.phone, other):
        phone.live(activity_id)
    other.remove()
    assert devices(live.backend.update(activity_id, steps(2))) == 1
    live.phone.shows_activity(activity_id, current_step=2)


def test_notifications_and_live_activities_do_not_mix(live: LiveAudience) -> None:
    activity_id = live.backend.start(steps())["activity_id"]
    push(live.key, title="beside it")
    live.phone.shows("beside it")
    live.phone.shows_activity(activity_id)
    assert live.phone.titles() == ["beside it"]


def test_without_a_key_nothing_moves(team: Team) -> None:
    for method, path in (("POST", "start"), ("POST", "update"), ("POST", "end"), ("PUT", "stream/x")):
        answer = team.anybody.request(method, f"/api/live-activity/{path}", json={"content_state": steps()})
        assert answer.status_code == 401, answer.text
    assert team.anybody.delete("/api/live-activity/stream/x").status_code == 401
