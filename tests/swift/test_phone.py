"""The kit as a phone of a real server: it pairs, reports, reads what comes, taps, catches up and leaves."""

import secrets
import uuid
from pathlib import Path
from typing import Any

import pytest
from smith.core.v1 import live_activity_pb2
from smith.core.v1 import push_notification_service_pb2 as pb

from tests.conftest import MakeStack
from tests.e2e.backend import progress, steps
from tests.e2e.hook import Hook
from tests.stack import Stack
from tests.swift.conftest import Paired, paired_with, pairing_link
from tests.swift.smith_phone import Refusal, SmithPhone
from tests.team import Team, push
from tests.waiting import eventually

# --- pairing and tokens ---


def test_the_server_knows_the_phone_as_it_has_reported_itself(paired: Paired) -> None:
    device = paired.team.device(paired.device_id)
    told = {name: device[name] for name in ("name", "environment", "bundle_id", "os_version", "platform", "state")}
    assert told == {
        "name": "Ada's iPhone",
        "environment": "sandbox",
        "bundle_id": "com.activitysmith.simulator",
        "os_version": "18.2",
        "platform": "ios",
        "state": "ready",
    }
    assert paired.phone.do("state")["device"] == {"id": paired.device_id, "state": "ready", "push": "active"}


def test_a_code_works_once(team: Team, tmp_path: Path) -> None:
    link = pairing_link(team)
    with SmithPhone(tmp_path / "first") as first, SmithPhone(tmp_path / "second") as second:
        first.do("pair", link=link, name="First")
        with pytest.raises(Refusal) as refusal:
            second.do("pair", link=link, name="Second")
        assert (refusal.value.kind, refusal.value.status) == ("refused", 404)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with SmithPhone(tmp_path / "phone") as phone:
        with pytest.raises(Refusal, match=r"unreachable: 127\.0\.0\.1 cannot be reached"):
            phone.do("pair", link="activitysmith://pair?server=http%3A%2F%2F127.0.0.1%3A9&code=K7QF2M9X", name="x")
        with pytest.raises(Refusal, match="https:// or http://"):
            phone.do("pair", link="activitysmith://pair?server=ftp%3A%2F%2F127.0.0.1&code=K7QF2M9X", name="x")


def test_a_new_token_is_the_one_that_is_used(paired: Paired) -> None:
    token = secrets.token_hex(32)
    paired.team.accept(token)
    paired.phone.do("tokens", tokens={"push_token": token})
    assert push(paired.key, title="To the new one").json()["devices_notified"] == 1
    assert [one["aps"]["alert"]["title"] for one in paired.pushes(token)] == ["To the new one"]
    assert paired.pushes() == []


def test_a_launch_brings_back_a_token_that_apple_has_declared_dead(paired: Paired) -> None:
    paired.team.faults(tokens={paired.push_token: [{"status": 410, "reason": "Unregistered"}, {"status": 200}]})
    push(paired.key, title="Finds out")
    assert paired.phone.do("state")["device"]["push"] == "dead"
    paired.phone.kill()
    paired.phone.start()
    paired.phone.do("launched", showing=[])
    assert paired.phone.do("state")["device"]["push"] == "active"


# --- notifications ---

BUTTONS = [
    {"title": "Open CI", "type": "open_url", "url": "https://ci.example.com"},
    {"title": "Lights", "type": "open_url", "url": "shortcuts://run-shortcut?name=Lights"},
]
NOTIFICATIONS: list[dict[str, Any]] = [
    {"title": "Build failed"},
    {"title": "Build failed", "subtitle": "main", "message": "Tap and hold for actions"},
    {"title": "Linked", "redirection": "https://ci.example.com/builds/8842"},
    {"title": "Another app", "redirection": "shortcuts://run-shortcut?name=Lights"},
    {"title": "A picture", "media": "https://files.example.com/graph.png"},
    {"title": "With an icon", "icon": "https://files.example.com/icon.png"},
    {"title": "Data", "payload": {"build_id": 8842, "deep": {"list": [1, None, "é"]}}},
    {"title": "Buttons", "actions": BUTTONS},
    {"title": "Counted", "badge": 7},
    {"title": "Urgent", "interruption_level": "time-sensitive"},
    {"title": "Quiet", "interruption_level": "passive"},
    {"title": "Own sound", "sound": "chime.caf"},
    {"title": "Ünïcödé 🚀", "message": "two\nlines"},
]


def test_no_field_of_a_notification_is_forgotten_here() -> None:
    of_the_sender = {"target", "tags", "metadata"}
    fields = {field.name for field in pb.SendPushNotificationRequest.DESCRIPTOR.fields}
    assert fields - of_the_sender == {name for body in NOTIFICATIONS for name in body}


@pytest.mark.parametrize("body", NOTIFICATIONS, ids=lambda body: body["title"])
def test_every_field_of_a_notification_is_read(paired: Paired, body: dict[str, Any]) -> None:
    answer = paired.key.post("/api/push-notification", json=body, headers={"Prefer": "handling=strict"})
    assert answer.status_code == 200, answer.text
    [sent] = paired.pushes()
    read = paired.phone.do("push", push=sent)
    assert read["id"] == answer.json()["notification_id"]
    names = {"interruption_level": "level"}
    for name, value in body.items():
        if name == "actions":
            shown = [(button["title"], button["opens_app"]) for button in read["buttons"]]
            assert shown == [(button["title"], True) for button in value]
        else:
            assert read[names.get(name, name)] == value, name
    assert read["has_alert"]
    assert read["mutable"]


def test_a_replaced_text_comes_silently(paired: Paired) -> None:
    sent = push(paired.key, title="Deploying").json()["notification_id"]
    answer = paired.key.put(f"/api/push-notification/{sent}", json={"title": "Deployed"})
    assert answer.status_code == 200, answer.text
    last = eventually("the new text came", paired.pushes, until=lambda all_sent: len(all_sent) == 2)[-1]
    read = paired.phone.do("push", push=last)
    assert (read["id"], read["title"], read["silent"]) == (sent, "Deployed", True)


def test_a_number_for_the_icon_shows_nothing(paired: Paired) -> None:
    answer = paired.key.post("/api/badge", json={"badge": 5})
    assert answer.status_code == 200, answer.text
    [sent] = eventually("it came", paired.pushes)
    read = paired.phone.do("push", push=sent)
    assert (read["badge"], read["has_alert"]) == (5, False)
    assert paired.phone.do("state")["badge"] == 5


def test_the_inbox_has_what_was_sent_page_by_page(paired: Paired) -> None:
    titles = ["one", "two", "three"]
    for title in titles:
        assert push(paired.key, title=title, actions=BUTTONS[:1]).status_code == 200
    first = paired.phone.do("inbox", size=2)
    assert [one["title"] for one in first["notifications"]] == ["three", "two"]
    assert first["notifications"][0]["buttons"] == ["Open CI"]
    second = paired.phone.do("inbox", size=2, page=first["next"])
    assert ([one["title"] for one in second["notifications"]], second["next"]) == (["one"], None)


def test_a_test_notification_arrives(paired: Paired) -> None:
    test = paired.phone.do("test")
    assert test["taken"]
    [sent] = paired.pushes()
    assert paired.phone.do("push", push=sent)["id"] == test["id"]


# --- buttons ---


def test_a_tap_runs_the_webhook_and_says_what_came_of_it(paired: Paired, stack: Stack) -> None:
    hook = Hook(stack, paired.team)
    push(paired.key, title="Restart?", actions=[hook.action()])
    [sent] = paired.pushes()
    [button] = paired.phone.do("push", push=sent)["buttons"]
    assert not button["opens_app"]
    tap = paired.phone.do("tap", push=sent, action=button["id"])
    assert tap == {"run": button["id"], "title": "Restart"}
    run = paired.phone.do("run", action=tap["run"])
    assert (run["state"], run["status"]) == ("succeeded", 200)
    assert len(hook.calls()) == 1
    assert paired.phone.do("run", action=tap["run"])["id"] == run["id"]
    assert len(hook.calls()) == 1


def test_a_run_that_takes_long_is_waited_for(paired: Paired, stack: Stack) -> None:
    hook = Hook(stack, paired.team)
    hook.answers({"status": 503}, {"status": 200})
    push(paired.key, title="Restart?", actions=[hook.action()])
    [button] = paired.phone.do("push", push=paired.pushes()[0])["buttons"]
    run = paired.phone.do("run", action=button["id"])
    assert (run["state"], len(hook.calls())) == ("succeeded", 2)


def test_a_button_that_the_phone_was_not_sent_is_refused(paired: Paired) -> None:
    with pytest.raises(Refusal) as refusal:
        paired.phone.do("run", action=str(uuid.uuid4()))
    assert refusal.value.status == 404


# --- Live Activities ---

STATES: dict[str, dict[str, Any]] = {
    "segmented_progress": {"number_of_steps": 3, "current_step": 1},
    "progress": {"percentage": 42.5, "badge": {"title": "New", "color": "magenta"}},
    "metrics": {"metrics": [{"label": "CPU", "value": 12, "unit": "%"}, {"label": "State", "value": "ok"}]},
    "stats": {"metrics": [{"label": "Sales", "value": "$1,240", "color": "gray"}, {"label": "Up", "value": 7}]},
    "alert": {"message": "Lumen came back", "icon": {"symbol": "cloud.sun", "color": "yellow"}},
    "value": {"value": "0007"},
    "timer": {"duration_seconds": 300, "is_running": True},
    "counter": {"number_of_steps": 5, "current_step": 2},
    "countdown": {"number_of_steps": 5, "current_step": 2},
}
KEPT = (
    "type",
    "title",
    "subtitle",
    "message",
    "percentage",
    "number_of_steps",
    "current_step",
    "metrics",
    "color",
    "icon",
    "badge",
)


def test_no_type_is_forgotten_here() -> None:
    named = {
        name.removeprefix("LIVE_ACTIVITY_TYPE_").lower()
        for name in live_activity_pb2.LiveActivityType.DESCRIPTOR.values_by_name
    }
    assert set(STATES) == named - {"unspecified"}


@pytest.mark.parametrize("kind", STATES)
def test_every_type_is_read_from_its_start_to_its_end(paired: Paired, kind: str) -> None:
    state = {"title": "Deploy", "type": kind, "subtitle": "main", "color": "lime", **STATES[kind]}
    answer = paired.key.post(
        "/api/live-activity/start",
        json={"content_state": state, "action": {"title": "Open", "type": "open_url", "url": "https://example.com"}},
    )
    assert answer.status_code == 200, answer.text
    activity_id = answer.json()["activity_id"]

    [sent] = paired.starts()
    start = paired.phone.do("activityPush", push=sent)
    assert (start["event"], start["activity"], start["attributes_type"]) == (
        "start",
        activity_id,
        "ActivitySmithAttributes",
    )
    shown = {name: start["state"][name] for name in KEPT if name in state}
    assert shown == {name: state[name] for name in KEPT if name in state}
    assert (start["title"], start["unknown"]) == ("Deploy", {})
    assert start["said"].startswith("Deploy")
    assert [button["title"] for button in start["buttons"]] == ["Open"]

    token = paired.given(activity_id)
    paired.backend.update(activity_id, {**state, "subtitle": "half-way"}, alert={"title": "Half-way"})
    # An end that comes before the update was sent goes in its place.
    eventually("the update came", lambda: paired.pushes(token), until=lambda pushes: len(pushes) == 1)
    paired.backend.end(activity_id, {**state, "subtitle": "done"})
    sent = eventually("the end came", lambda: paired.pushes(token), until=lambda pushes: len(pushes) == 2)
    update, end = (paired.phone.do("activityPush", push=one) for one in sent)
    assert (update["event"], update["state"]["subtitle"], update["alert"]["title"]) == (
        "update",
        "half-way",
        "Half-way",
    )
    assert (end["event"], end["state"]["subtitle"]) == ("end", "done")
    assert end["dismiss_at"] > end["timestamp"] > update["timestamp"] > start["timestamp"]


def test_what_was_sent_before_the_update_token_came_is_sent_then(paired: Paired) -> None:
    activity_id = paired.backend.start(steps(1))["activity_id"]
    paired.backend.update(activity_id, steps(3))
    token = paired.given(activity_id)
    [sent] = eventually("the newest state came", lambda: paired.pushes(token), until=lambda pushes: len(pushes) == 1)
    assert paired.phone.do("activityPush", push=sent)["state"]["current_step"] == 3


def test_the_update_token_of_a_card_that_is_not_the_phones_ends_the_card(paired: Paired) -> None:
    paired.phone.do("updateToken", activity="not-here", token=secrets.token_hex(32))
    assert paired.phone.do("events") == ["foreign not-here"]


def test_a_removed_card_gets_nothing_more_and_is_not_started_again(paired: Paired) -> None:
    activity_id = paired.backend.start(progress(10))["activity_id"]
    token = paired.given(activity_id)
    assert paired.phone.do("dismissed", activity=activity_id)["dismissals_owed"] == 0
    answer = paired.backend.call("POST", "update", {"activity_id": activity_id, "content_state": progress(20)})
    assert answer.json().get("devices_notified", 0) == 0
    assert paired.pushes(token) == []
    assert not any(step["step"] == "start" for step in paired.phone.do("catchUp", screen=[], later=600))


# --- away ---


def test_a_phone_that_was_away_catches_up(paired: Paired) -> None:
    missed = paired.backend.start(progress(1, title="Missed"))["activity_id"]
    changed = paired.backend.start(progress(1, title="Before"))["activity_id"]
    ended = paired.backend.start(progress(1, title="Goes on"))["activity_id"]
    for activity_id in (missed, changed, ended):
        paired.given(activity_id)
    paired.backend.update(changed, progress(60, title="After"))
    paired.backend.end(ended, progress(100, title="Done"))
    screen = [
        {"card": "c", "activity": changed},
        {"card": "e", "activity": ended},
        {"card": "x", "activity": "of-another-time"},
    ]

    made = paired.phone.do("catchUp", screen=screen, later=90)
    steps_made = [{name: value for name, value in one.items() if name != "timestamp"} for one in made]
    assert steps_made == [
        {"step": "end", "card": "x", "title": None, "stays": False},
        {"step": "end", "card": "e", "title": "Done", "stays": True},
        {"step": "start", "activity": missed, "title": "Missed", "channel": None},
        {"step": "update", "card": "c", "title": "After"},
    ]
    assert [one["because"] for one in paired.phone.do("catchUp", screen=screen) if one["step"] == "leave"] == [
        "tooSoon"
    ]


def test_a_missed_start_that_is_told_by_broadcast_is_made_up_for_with_its_channel(
    make_stack: MakeStack, tmp_path: Path
) -> None:
    server: Stack = make_stack(SMITH_BROADCAST_ABOVE_DEVICES="1")
    with paired_with(Team.of(server), tmp_path / "phone") as one:
        one.team.phone(channel_id=one.channel_id)
        one.backend.start(progress(1, title="For many"))
        [start] = eventually("the start came", one.starts, until=lambda starts: len(starts) == 1)

        [step] = one.phone.do("catchUp", screen=[], later=90)
        assert (step["step"], step["title"]) == ("start", "For many")
        assert step["channel"] == start["aps"]["input-push-channel"]
    server.discard()


def test_an_open_app_hears_of_a_change_at_once(paired: Paired) -> None:
    before = paired.phone.do("state")
    assert paired.phone.do("state", after=before["version"], wait=1)["version"] == before["version"]
    push(paired.key, title="News")
    assert paired.phone.do("state", after=before["version"], wait=25)["version"] != before["version"]


def test_what_a_killed_app_had_not_told_is_told_by_its_next_launch(make_stack: MakeStack, tmp_path: Path) -> None:
    server: Stack = make_stack()
    team = Team.of(server)
    token = secrets.token_hex(32)
    with SmithPhone(tmp_path / "phone") as phone:
        device_id = phone.do("pair", link=pairing_link(team), name="Ada's iPhone")["device_id"]
        server.stop()
        told = phone.do("tokens", tokens={"push_token": token, "environment": "sandbox"})
        assert (told["push"], told["problems"]) == ("owed", ["127.0.0.1 cannot be reached."])
        phone.kill()
        server.start()
        phone.start()
        assert phone.do("settle")["push"] == "heard"
        assert Team.of(server).device(device_id)["push_token_state"] == "active"
    server.discard()


# --- widgets and diagnostics ---


def test_widgets_show_the_accounts_metrics(paired: Paired) -> None:
    key = paired.team.unique("metric")
    paired.team.ask("POST", "/api/metrics", key=key, label="Latency", format="unit", unit="ms", unit_spacing="space")
    paired.team.ask("POST", f"/api/metrics/{key}/value", value=1240.5)
    shown = paired.phone.do("metrics")
    assert {"key": key, "words": "1,240.5\u00a0ms"} in shown["metrics"]
    assert shown["trouble"] is None


def test_diagnostics_name_states_and_no_secret(paired: Paired) -> None:
    text = paired.phone.do("diagnostics")
    assert "Push token: heard" in text
    assert "Push token at the server: active" in text
    secret = (paired.phone.folder / "pairing.json").read_text().partition("dev_")[2].partition('"')[0]
    assert len(secret) > 16
    for hidden in (secret, paired.push_token, paired.start_token):
        assert hidden not in text


# --- leaving ---


def test_a_phone_that_was_removed_elsewhere_has_to_pair_again(paired: Paired) -> None:
    paired.team.ask("DELETE", f"/api/devices/{paired.device_id}")
    with pytest.raises(Refusal) as refusal:
        paired.phone.do("state")
    assert refusal.value.kind == "unpaired"
    paired.phone.do("dismissed", activity="any")
    assert paired.phone.do("events") == ["unpaired"]
    again = paired.phone.do("pair", link=pairing_link(paired.team), name="Ada's iPhone")
    assert again["device_id"] != paired.device_id
    assert paired.phone.do("settle")["push"] == "heard"
    assert paired.team.device(again["device_id"])["push_token_state"] == "active"


def test_pairing_a_second_time_removes_the_former_device(paired: Paired) -> None:
    again = paired.phone.do("pair", link=pairing_link(paired.team), name="Again")
    listed = [device["id"] for device in paired.team.ask("GET", "/api/devices")["devices"]]
    assert again["device_id"] in listed
    assert paired.device_id not in listed


def test_a_phone_that_leaves_is_gone(paired: Paired) -> None:
    paired.phone.do("unpair")
    assert paired.device_id not in [one["id"] for one in paired.team.ask("GET", "/api/devices")["devices"]]
    assert not (paired.phone.folder / "pairing.json").exists()
    with pytest.raises(Refusal) as refusal:
        paired.phone.do("state")
    assert refusal.value.kind == "unpaired"
