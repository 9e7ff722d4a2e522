"""Streams: a backend says what an ongoing thing looks like, and the server does whatever that takes."""

import time

import pytest

from tests.e2e.backend import JSON, devices, progress, steps
from tests.e2e.conftest import LiveAudience, MakeBackend
from tests.team import Phone, Team
from tests.waiting import eventually

SCOPE_VIOLATION = (
    "This API key can only target assigned channels. Requested channels include channels outside this key scope."
)


@pytest.fixture
def key(team: Team) -> str:
    """A stream key that no other test uses."""
    return team.unique("stream")


def only_card(phone: Phone) -> JSON:
    """The one card on the screen."""
    cards = phone.cards()
    assert len(cards) == 1, cards
    return cards[0]


# --- what a PUT does ---


def test_the_first_put_starts_an_activity(live: LiveAudience, key: str) -> None:
    answer = live.backend.put(key, steps())
    assert answer.keys() == {
        "success", "operation", "stream_key", "activity_id", "devices_notified", "devices_queued", "users_notified",
        "effective_channel_slugs", "timestamp",
    }  # fmt: skip
    assert (answer["success"], answer["operation"], answer["stream_key"]) == (True, "started", key)
    assert (answer["devices_notified"], answer["devices_queued"], answer["users_notified"]) == (1, 0, 1)
    assert answer["effective_channel_slugs"] == [live.slug]
    assert len(answer["activity_id"]) == 32
    assert live.phone.shows_activity(answer["activity_id"], seconds=1)["content_state"] == steps()


def test_another_state_updates_it(live: LiveAudience, key: str) -> None:
    started = live.backend.put(key, steps())
    live.phone.live(started["activity_id"])
    answer = live.backend.put(key, {"title": "Backup", "current_step": 2})
    assert (answer["operation"], answer["activity_id"]) == ("updated", started["activity_id"])
    assert devices(answer) == 1
    assert answer["users_notified"] == answer["devices_notified"]
    assert "previous_activity_id" not in answer
    live.phone.shows_activity(started["activity_id"], title="Backup", current_step=2, number_of_steps=3)


def test_the_same_state_is_a_noop_that_costs_no_push(team: Team, live: LiveAudience, key: str) -> None:
    action = {"title": "Pause", "type": "webhook", "url": "https://hooks.example.com/pause", "body": {"b": 1, "a": 2}}
    started = live.backend.put(key, steps(color="red"), action=action)
    token = live.phone.live(started["activity_id"])["update_token"]
    for state, other in (
        (steps(color="red"), {"action": action}),
        (steps(color="red"), {}),
        (steps(), {}),
        ({"title": "Nightly database backup", "current_step": 1}, {"channels": [live.slug]}),
    ):
        answer = live.backend.put(key, state, **other)
        assert answer.keys() == {
            "success", "operation", "stream_key", "activity_id", "effective_channel_slugs", "timestamp",
        }  # fmt: skip
        assert (answer["operation"], answer["activity_id"]) == ("noop", started["activity_id"])
    assert team.sent_to(token) == []


def test_an_alert_a_button_or_a_dismissal_make_the_same_state_an_update(live: LiveAudience, key: str) -> None:
    started = live.backend.put(key, steps())
    live.phone.live(started["activity_id"])
    action = {"title": "Open", "type": "open_url", "url": "https://example.com/"}
    others: list[JSON] = [{"alert": {"title": "Look"}}, {"alert": {"title": "Look"}}, {"action": action}]
    for other in others:
        assert live.backend.put(key, steps(), **other)["operation"] == "updated"
    assert live.backend.put(key, steps(auto_dismiss_minutes=1))["operation"] == "updated"
    assert live.backend.put(key, steps(auto_dismiss_minutes=1), action=action)["operation"] == "noop"
    card = eventually(
        "alert and button are there",
        lambda: only_card(live.phone),
        until=lambda card: bool(card["actions"]) and len(card["alerts"]) >= 2,
    )
    assert card["alerts"][1]["title"] == "Look"


def test_another_type_rotates(live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, steps(color="red"))["activity_id"]
    live.phone.live(first)
    answer = live.backend.put(key, progress(10))
    assert answer["operation"] == "rotated"
    assert answer["previous_activity_id"] == first
    assert answer["activity_id"] != first
    assert (answer["devices_notified"], answer["users_notified"]) == (1, 1)
    card = live.phone.shows_activity(answer["activity_id"], percentage=10, color="red")
    assert card["alerts"][0].get("sound") is None, "a rotation makes no noise"
    live.phone.shows_no_activity(first)
    assert live.backend.put(key, progress(10))["operation"] == "noop"


def test_other_channels_rotate_and_move_it(team: Team, live: LiveAudience, key: str, make_backend: MakeBackend) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(channel_id=other_id)
    backend = make_backend(team.key(live.slug, other_slug))
    first = backend.put(key, steps(), channels=[live.slug])
    assert first["effective_channel_slugs"] == [live.slug]
    live.phone.live(first["activity_id"])
    both = backend.put(key, steps(2), channels=[other_slug, live.slug])
    assert (both["operation"], both["previous_activity_id"]) == ("rotated", first["activity_id"])
    assert both["devices_notified"] == 2
    for phone in (live.phone, other):
        phone.live(both["activity_id"])
        phone.shows_activity(both["activity_id"], current_step=2)
    live.phone.shows_no_activity(first["activity_id"])
    moved = backend.put(key, steps(2), channels=[other_slug])
    assert (moved["operation"], moved["devices_notified"]) == ("rotated", 1)
    live.phone.shows_no_activity()
    other.shows_activity(moved["activity_id"], current_step=2)
    other.shows_no_activity(both["activity_id"])


def test_the_order_of_channels_does_not_matter(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    other_slug, _ = team.channel()
    backend = make_backend(team.key(live.slug, other_slug))
    backend.put(key, steps(), channels=[live.slug, other_slug])
    for slugs in ([other_slug, live.slug], [live.slug, other_slug, live.slug]):
        assert backend.put(key, steps(), channels=slugs)["operation"] == "noop"
    assert backend.put(key, steps())["operation"] == "noop"


def test_a_rotation_to_channels_without_phones_changes_nothing(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    empty, _ = team.channel()
    backend = make_backend(team.key(live.slug, empty))
    first = backend.put(key, steps(), channels=[live.slug])["activity_id"]
    live.phone.live(first)
    refused = backend.call("PUT", f"stream/{key}", {"content_state": steps(2), "channels": [empty]})
    assert refused.status_code == 404
    assert refused.json() == {
        "error": "No recipients found",
        "message": "No Live Activity devices matched the effective channel target",
        "effective_channel_slugs": [empty],
    }
    assert backend.put(key, steps(2), channels=[live.slug])["activity_id"] == first
    live.phone.shows_activity(first, current_step=2)


def test_after_its_activity_was_ended_a_stream_starts_another(live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, steps())["activity_id"]
    live.phone.live(first)
    live.backend.end(first, steps(3, auto_dismiss_minutes=0))
    live.phone.shows_no_activity(first)
    answer = live.backend.put(key, {"title": "Backup", "number_of_steps": 2, "current_step": 1})
    assert answer["operation"] == "started"
    assert answer["activity_id"] != first
    assert "previous_activity_id" not in answer
    live.phone.shows_activity(answer["activity_id"], type="segmented_progress", number_of_steps=2)


def test_streams_of_one_account_are_apart(live: LiveAudience, key: str) -> None:
    activities = [live.backend.put(f"{key}-{number}", progress(number))["activity_id"] for number in range(3)]
    assert len(set(activities)) == 3
    live.backend.delete(f"{key}-1")
    for number in (0, 2):
        live.phone.shows_activity(activities[number], percentage=number)


def test_streams_of_two_accounts_are_apart(
    neighbours: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    slug, channel_id = neighbours.channel()
    phone = neighbours.phone(channel_id=channel_id)
    ours = live.backend.put(key, progress(1))["activity_id"]
    stranger = make_backend(neighbours.key(slug))
    theirs = stranger.put(key, progress(2))
    assert theirs["operation"] == "started"
    assert theirs["activity_id"] != ours
    assert stranger.delete(key)["activity_id"] == theirs["activity_id"]
    phone.shows_activity(theirs["activity_id"], state="ended")
    live.phone.shows_activity(ours, percentage=1)
    assert live.backend.put(key, progress(1))["operation"] == "noop"


# --- its channels ---


def test_channels_may_be_given_in_either_form_or_both(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    other_slug, _ = team.channel()
    backend = make_backend(team.key())
    forms: list[JSON] = [
        {"channels": [live.slug]},
        {"target": {"channels": [live.slug]}},
        {"channels": [live.slug], "target": {"channels": [live.slug]}},
    ]
    answers = [backend.put(key, steps(), **form) for form in forms]
    assert [answer["operation"] for answer in answers] == ["started", "noop", "noop"]
    assert [answer["effective_channel_slugs"] for answer in answers] == [[live.slug]] * 3
    body = {"content_state": steps(2), "channels": [live.slug], "target": {"channels": [live.slug, other_slug]}}
    refused = backend.call("PUT", f"stream/{key}", body)
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Invalid channel targeting",
        "message": "channels and target.channels must name the same channels",
        "field": "channels",
    }
    assert only_card(live.phone)["content_state"] == steps()


@pytest.mark.parametrize("name", ["channels", "target.channels"])
def test_channels_outside_the_key_are_refused_as_documented(
    team: Team, live: LiveAudience, key: str, name: str
) -> None:
    foreign, _ = team.channel()
    form: JSON = {"channels": [foreign]} if name == "channels" else {"target": {"channels": [foreign]}}
    refused = live.backend.call("PUT", f"stream/{key}", {"content_state": steps(), **form})
    assert refused.status_code == 403
    assert refused.json() == {"error": "Invalid channel targeting", "message": SCOPE_VIOLATION}


@pytest.mark.parametrize("name", ["channels", "target.channels"])
def test_an_unknown_channel_is_named_as_it_was_given(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend, name: str
) -> None:
    slugs = [live.slug, "no-such-channel"]
    form: JSON = {"channels": slugs} if name == "channels" else {"target": {"channels": slugs}}
    refused = make_backend(team.key()).call("PUT", f"stream/{key}", {"content_state": steps(), **form})
    assert refused.status_code == 400
    assert refused.json() == {
        "error": "Invalid channel targeting",
        "message": f"{name}[1]: there is no channel with the slug no-such-channel",
        "field": f"{name}[1]",
    }


def test_no_device_is_the_documented_404(team: Team, key: str, make_backend: MakeBackend) -> None:
    empty, _ = team.channel()
    refused = make_backend(team.key(empty)).call("PUT", f"stream/{key}", {"content_state": steps()})
    assert refused.status_code == 404
    assert refused.json()["effective_channel_slugs"] == [empty]


def test_a_stream_that_is_shown_elsewhere_is_out_of_a_scoped_keys_reach(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    other_slug, other_id = team.channel()
    team.phone(channel_id=other_id)
    activity_id = live.backend.put(key, steps())["activity_id"]
    narrow = make_backend(team.key(other_slug))
    for refused in (
        narrow.call("PUT", f"stream/{key}", {"content_state": steps(2)}),
        narrow.call("DELETE", f"stream/{key}"),
    ):
        assert refused.status_code == 403
        assert refused.json() == {"error": "Invalid channel targeting", "message": SCOPE_VIOLATION}
    live.phone.shows_activity(activity_id, current_step=1)


# --- its key ---


@pytest.mark.parametrize("stream_key", ["a", "-", "_", "Prod-Web_1", "0", "k" * 255])
def test_letters_numbers_underscores_and_hyphens_are_a_key(live: LiveAudience, stream_key: str) -> None:
    answer = live.backend.put(stream_key, steps())
    assert (answer["operation"], answer["stream_key"]) == ("started", stream_key)
    assert live.backend.delete(stream_key)["stream_key"] == stream_key


@pytest.mark.parametrize("stream_key", ["a b", "a.b", "%C3%A4", "a:b", "~", "k" * 256])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_anything_else_is_no_key(live: LiveAudience, method: str, stream_key: str) -> None:
    body = {"content_state": steps()} if method == "PUT" else None
    refused = live.backend.call(method, f"stream/{stream_key}", body)
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"] == "Invalid stream_key"
    rule = "at most 255 characters" if len(stream_key) > 255 else "only letters, numbers, underscores, and hyphens"
    assert refused.json()["message"].startswith("stream_key must ")
    assert rule in refused.json()["message"]


@pytest.mark.parametrize("stream_key", ["%00", "a%0A", "a%2Fb", "a/b", ""])
def test_what_cannot_stand_in_a_path_is_no_path(live: LiveAudience, stream_key: str) -> None:
    assert live.backend.call("PUT", f"stream/{stream_key}", {"content_state": steps()}).status_code == 404


# --- its end ---


@pytest.mark.parametrize("body", [None, {}], ids=["no body", "empty object"])
def test_a_stream_ends_with_its_latest_state(live: LiveAudience, key: str, body: JSON | None) -> None:
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.phone.live(activity_id)
    live.backend.put(key, steps(2))
    ended = live.backend.call("DELETE", f"stream/{key}", body).json()
    assert ended.keys() == {
        "success", "operation", "stream_key", "activity_id", "devices_notified", "devices_queued", "timestamp",
    }  # fmt: skip
    assert (ended["success"], ended["operation"], ended["stream_key"]) == (True, "ended", key)
    assert ended["activity_id"] == activity_id
    assert devices(ended) == 1
    assert live.phone.shows_activity(activity_id, state="ended")["content_state"] == steps(2)


def test_a_stream_ends_with_the_state_it_is_given(live: LiveAudience, key: str) -> None:
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.phone.live(activity_id)
    action = {"title": "Report", "type": "open_url", "url": "https://example.com/report"}
    state = {"title": "Done", "number_of_steps": 4, "current_step": 4, "auto_dismiss_minutes": 2}
    live.backend.delete(key, state, action=action, alert={"title": "Backup is done"})
    card = live.phone.shows_activity(activity_id, state="ended", title="Done", number_of_steps=4, current_step=4)
    assert [button["title"] for button in card["actions"]] == ["Report"]
    assert card["alerts"][-1]["title"] == "Backup is done"


def test_a_last_state_that_dismisses_at_once_clears_the_screen(live: LiveAudience, key: str) -> None:
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.phone.live(activity_id)
    live.backend.delete(key, {"title": "Done", "current_step": 3, "auto_dismiss_minutes": 0})
    live.phone.shows_no_activity()


def test_an_unknown_stream_is_the_documented_404(live: LiveAudience, key: str) -> None:
    expected = {
        "error": "Live Activity stream not found",
        "message": f"No Live Activity stream found for stream_key: {key}",
    }
    refused = live.backend.call("DELETE", f"stream/{key}")
    assert (refused.status_code, refused.json()) == (404, expected)
    live.backend.put(key, steps())
    live.backend.delete(key)
    refused = live.backend.call("DELETE", f"stream/{key}")
    assert (refused.status_code, refused.json()) == (404, expected)


def test_a_stream_without_an_active_activity_ends_with_null(live: LiveAudience, key: str) -> None:
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.backend.end(activity_id, steps(3))
    ended = live.backend.delete(key, steps(1))
    assert ended.keys() == {"success", "operation", "stream_key", "activity_id", "timestamp"}
    assert (ended["success"], ended["operation"], ended["activity_id"]) == (True, "ended", None)
    live.phone.shows_activity(activity_id, state="ended", current_step=3)


def test_an_ended_stream_is_forgotten_and_starts_again(live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, steps())["activity_id"]
    live.phone.live(first)
    live.backend.delete(key)
    refused = live.backend.call("PUT", f"stream/{key}", {"content_state": {"title": "no type", "current_step": 1}})
    assert refused.status_code == 400
    assert "content_state.type is required" in refused.json()["message"]
    answer = live.backend.put(key, progress(5))
    assert answer["operation"] == "started"
    live.phone.shows_activity(answer["activity_id"], percentage=5)


def test_of_concurrent_deletes_one_ends_it_and_the_others_find_nothing(live: LiveAudience, key: str) -> None:
    activity_id = live.backend.put(key, steps())["activity_id"]
    live.phone.live(activity_id)
    answers = live.backend.together([("DELETE", f"stream/{key}", {})] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
    live.phone.shows_activity(activity_id, state="ended")


# --- pause and resume ---


def test_pausing_takes_it_off_the_screen_and_resuming_shows_the_latest_state(
    team: Team, live: LiveAudience, key: str
) -> None:
    first = live.backend.put(key, steps())["activity_id"]
    live.phone.live(first)
    assert team.ask("POST", f"/api/live-activity/stream/{key}/pause") == {"activity_id": first}
    live.phone.shows_no_activity()
    for state in (steps(2), steps(2), steps(3, subtitle="latest")):
        answer = live.backend.put(key, state)
        assert answer.keys() == {
            "success", "operation", "stream_key", "activity_id", "effective_channel_slugs", "timestamp",
        }  # fmt: skip
        assert (answer["operation"], answer["activity_id"]) == ("paused", None)
    assert live.phone.cards() == []
    second = team.ask("POST", f"/api/live-activity/stream/{key}/resume")["activity_id"]
    assert second != first
    card = live.phone.shows_activity(second)
    assert card["content_state"] == steps(3, subtitle="latest")
    assert live.backend.put(key, steps(3, subtitle="latest"))["operation"] == "noop"


def test_a_stream_that_heard_nothing_while_paused_shows_what_it_showed(
    team: Team, live: LiveAudience, key: str
) -> None:
    action = {"title": "Open", "type": "open_url", "url": "https://example.com/"}
    live.phone.live(live.backend.put(key, steps(2), action=action)["activity_id"])
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    live.phone.shows_no_activity()
    resumed = team.ask("POST", f"/api/live-activity/stream/{key}/resume")["activity_id"]
    card = live.phone.shows_activity(resumed)
    assert card["content_state"] == steps(2)
    assert [button["title"] for button in card["actions"]] == ["Open"]


def test_type_and_channels_may_change_while_it_is_paused(
    team: Team, live: LiveAudience, key: str, make_backend: MakeBackend
) -> None:
    other_slug, other_id = team.channel()
    other = team.phone(channel_id=other_id)
    backend = make_backend(team.key(live.slug, other_slug))
    live.phone.live(backend.put(key, steps(), channels=[live.slug])["activity_id"])
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    assert backend.put(key, progress(7), channels=[other_slug])["operation"] == "paused"
    resumed = team.ask("POST", f"/api/live-activity/stream/{key}/resume")["activity_id"]
    other.shows_activity(resumed, percentage=7)
    live.phone.shows_no_activity()


def test_pausing_and_resuming_twice_change_nothing(team: Team, live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, steps())["activity_id"]
    assert team.ask("POST", f"/api/live-activity/stream/{key}/resume") == {"activity_id": first}
    live.phone.live(first)
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    assert team.ask("POST", f"/api/live-activity/stream/{key}/pause") == {"activity_id": None}
    second = team.ask("POST", f"/api/live-activity/stream/{key}/resume")["activity_id"]
    assert team.ask("POST", f"/api/live-activity/stream/{key}/resume") == {"activity_id": second}
    live.phone.shows_activity(second)
    live.phone.shows_no_activity(first)


def test_a_paused_stream_can_be_ended(team: Team, live: LiveAudience, key: str) -> None:
    live.phone.live(live.backend.put(key, steps())["activity_id"])
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    assert live.backend.delete(key)["activity_id"] is None
    assert live.backend.put(key, steps())["operation"] == "started"


def test_a_paused_stream_checks_what_it_is_told(team: Team, live: LiveAudience, key: str) -> None:
    live.backend.put(key, steps())
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    refused = live.backend.call("PUT", f"stream/{key}", {"content_state": steps(9, 3)})
    assert refused.status_code == 400
    assert "content_state.current_step" in refused.json()["message"]


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_only_owners_pause_and_resume_and_only_what_there_is(
    team: Team, live: LiveAudience, key: str, what: str
) -> None:
    path = f"/api/live-activity/stream/{key}/{what}"
    refused = team.owner.post(path)
    assert refused.status_code == 404
    assert refused.json()["message"] == f"No Live Activity stream found for stream_key: {key}"
    live.backend.put(key, steps())
    assert live.key.post(path).status_code == 403
    assert team.anybody.post(path).status_code == 401
    assert team.owner.post(f"/api/live-activity/stream/a.b/{what}").status_code == 400


# --- many at once ---


@pytest.mark.parametrize("time_around", range(4))
def test_two_puts_of_one_new_key_start_one_activity(live: LiveAudience, key: str, time_around: int) -> None:
    del time_around
    first, second = live.backend.together(
        [("PUT", f"stream/{key}", {"content_state": progress(number)}) for number in (1, 2)]
    )
    assert {first.status_code, second.status_code} == {200}
    assert first.json()["activity_id"] == second.json()["activity_id"]
    assert sorted(answer.json()["operation"] for answer in (first, second)) == ["started", "updated"]
    last = 1 if first.json()["operation"] == "updated" else 2
    card = live.phone.shows_activity(first.json()["activity_id"], percentage=last)
    assert card["duplicate_starts"] == 0
    assert only_card(live.phone)["activity_id"] == first.json()["activity_id"]


def test_equal_first_puts_start_one_activity_and_change_nothing_more(live: LiveAudience, key: str) -> None:
    answers = live.backend.together([("PUT", f"stream/{key}", {"content_state": progress(1)})] * 10)
    assert sorted(answer.json()["operation"] for answer in answers) == ["noop"] * 9 + ["started"]
    assert len({answer.json()["activity_id"] for answer in answers}) == 1


def test_a_hundred_concurrent_puts_end_with_the_last_accepted_state(team: Team, live: LiveAudience, key: str) -> None:
    witness = team.app(live.channel_id)
    activity_id = live.backend.put(key, progress(0))["activity_id"]
    live.phone.live(activity_id)
    answers = live.backend.together(
        [("PUT", f"stream/{key}", {"content_state": progress(number)}) for number in range(1, 101)]
    )
    assert {(answer.status_code, answer.json()["activity_id"]) for answer in answers} == {(200, activity_id)}
    assert {answer.json()["operation"] for answer in answers} == {"updated"}
    (told,) = witness.state()
    live.phone.shows_activity(activity_id, **told["content_state"])
    assert live.backend.put(key, told["content_state"])["operation"] == "noop"
    time.sleep(1.2)
    assert only_card(live.phone)["content_state"] == told["content_state"], "and stays so"


@pytest.mark.thorough
def test_a_thousand_puts_cost_a_handful_of_pushes_and_the_phone_ends_on_the_last(
    team: Team, live: LiveAudience, key: str
) -> None:
    activity_id = live.backend.put(key, progress(0, title="0"))["activity_id"]
    token = live.phone.live(activity_id)["update_token"]
    began = time.monotonic()
    for hundred in range(10):
        calls = [
            ("PUT", f"stream/{key}", {"content_state": progress(number / 10, title=str(100 * hundred + number))})
            for number in range(1, 101)
        ]
        if hundred == 9:
            calls, last = calls[:-1], calls[-1]
        assert {answer.status_code for answer in live.backend.together(calls)} == {200}
    assert live.backend.call(*last).status_code == 200
    seconds = time.monotonic() - began
    live.phone.shows_activity(activity_id, title="1000")
    pushes = team.sent_to(token)
    assert len(pushes) <= seconds + 3
    assert {push["headers"]["apns-priority"] for push in pushes} == {"5"}


@pytest.mark.thorough
def test_concurrent_moves_of_a_stream_leave_one_card(live: LiveAudience, key: str) -> None:
    live.phone.live(live.backend.put(key, progress(0))["activity_id"])
    states = [progress(number) if number % 2 else steps(1, number + 1) for number in range(1, 9)]
    answers = live.backend.together([("PUT", f"stream/{key}", {"content_state": state}) for state in states])
    assert {answer.status_code for answer in answers} == {200}
    final = live.backend.put(key, progress(50))
    live.phone.shows_activity(final["activity_id"], percentage=50)
    eventually("one card is left", lambda: len(live.phone.cards()) == 1, 90)


# --- a person who has had enough ---


def test_a_dismissed_stream_stays_away_until_its_next_activity(live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, progress(1))["activity_id"]
    live.phone.live(first)
    live.phone.dismiss(first)
    numbers = iter(range(2, 1000))
    answer = eventually(
        "the server knows",
        lambda: live.backend.put(key, progress(next(numbers) / 10)),
        until=lambda told: devices(told) == 0,
    )
    assert answer["operation"] == "updated"
    live.phone.do("open")
    assert live.phone.cards() == []
    live.backend.delete(key)
    again = live.backend.put(key, progress(3))
    assert again["operation"] == "started"
    live.phone.shows_activity(again["activity_id"], percentage=3)


def test_a_rotation_brings_a_dismissed_stream_back(live: LiveAudience, key: str) -> None:
    first = live.backend.put(key, progress(1))["activity_id"]
    live.phone.live(first)
    live.phone.dismiss(first)
    rotated = live.backend.put(key, steps(2))
    assert rotated["operation"] == "rotated"
    live.phone.shows_activity(rotated["activity_id"], current_step=2)
    assert only_card(live.phone)["activity_id"] == rotated["activity_id"]
