"""What simulated browsers of each kind show, keep and lose."""

import json

import pytest

from simulator.web_push import base64url
from simulator.web_push.encryption import Keys
from tests.simulator.app_server import LARGEST_TEXT, activity, encrypt, notification
from tests.simulator.conftest import MakeBrowser
from tests.simulator.process import eventually

KINDS = ["apple", "chrome", "firefox"]
QUIET = b"not JSON"
"""A message that a worker with a fault does not show."""
ACTIONS = [
    {"id": "a1", "title": "Approve", "type": "webhook"},
    {"id": "a2", "title": "Open", "type": "open_url", "url": "https://example.com/open"},
    {"id": "a3", "title": "Later", "type": "webhook"},
]
BUTTONS = [{"action": one["id"], "title": one["title"]} for one in ACTIONS]


def test_the_example_of_rfc_8291_is_decrypted() -> None:
    keys = Keys.load("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94 BTBZMqHH6r4Tts7J_aSIgg")
    body = base64url.decode(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert keys.decrypt(body) == b"When I grow up, I want to be a watermelon"


@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_pairs_reports_its_subscription_and_shows_a_push(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    (report,) = browser.reports
    assert set(report) == {"endpoint", "expirationTime", "keys", "page_url"}
    assert report["page_url"].endswith("/phone/")
    smith = {"subtitle": "S", "actions": ACTIONS, "payload": {"n": 1}, "media": "https://example.com/a.png"}
    browser.pushed(notification("Deploy", body="S\nB", smith=smith, actions=BUTTONS) | {"app_badge": 3})
    seen = browser.read()
    (shown,) = seen["notifications"]
    assert (shown["title"], shown["subtitle"], shown["message"], shown["notification_id"]) == (
        "Deploy",
        "S",
        "B",
        "n-1",
    )
    assert (shown["payload"], shown["media"], shown["rings"]) == ({"n": 1}, "https://example.com/a.png", 1)
    assert [one["id"] for one in shown["actions"]] == ([] if kind == "apple" else ["a1", "a2"])
    assert shown["page_actions"] == ACTIONS
    assert seen["badge"] == (0 if kind == "firefox" else 3)
    assert "dev_" not in json.dumps(seen)


def test_only_apples_browsers_have_an_endpoint_that_is_known_as_apples(make_browser: MakeBrowser) -> None:
    hosts = [make_browser(kind).reports[0]["endpoint"].split(":")[1] for kind in KINDS]
    assert hosts == ["//localhost", "//127.0.0.1", "//127.0.0.1"]


@pytest.mark.parametrize(("kind", "titles"), [("apple", ["1", "2"]), ("chrome", ["2"]), ("firefox", ["2"])])
def test_a_second_push_with_the_tag_replaces_the_first_but_on_an_iphone(
    make_browser: MakeBrowser, kind: str, titles: list[str]
) -> None:
    browser = make_browser(kind)
    browser.pushed(notification("1"))
    browser.pushed(notification("2", smith={"version": 2}))
    assert browser.titles() == titles


@pytest.mark.parametrize("kind", ["chrome", "firefox"])
def test_an_activity_is_one_card_that_changes_in_place_and_ends(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    button = {"id": "b1", "title": "Stop", "type": "webhook"}
    browser.pushed(activity(event="start", version=1, body="0 %"))
    browser.pushed(activity(version=2, body="55 %", state={"action": button}))
    (card,) = browser.cards()
    assert (card["state"], card["message"], card["updates"], card["silent"]) == ("active", "55 %", 1, True)
    assert card["content_state"]["percentage"] == 55
    assert card["actions"] == [button]
    assert [one["body"] for one in card["alerts"]] == ["0 %"]
    browser.pushed(activity(event="end", version=3, body="done"))
    (card,) = browser.cards()
    assert (card["state"], card["message"], len(card["alerts"])) == ("ended", "done", 2)
    assert browser.titles() == []


def test_an_iphone_shows_each_push_of_an_activity_as_a_notification(make_browser: MakeBrowser) -> None:
    browser = make_browser("apple")
    browser.pushed(activity(event="start", version=1))
    browser.pushed(activity(event="end", version=2))
    assert browser.cards() == []
    assert [(one["activity_id"], one["rings"]) for one in browser.read()["notifications"]] == [("act-1", 1)] * 2


@pytest.mark.parametrize("kind", ["chrome", "firefox"])
def test_an_older_version_changes_nothing_on_the_screen(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    browser.pushed(activity(version=3, body="newest"))
    browser.pushed(activity(version=2, body="late"))
    (card,) = browser.cards()
    assert card["message"] == "newest"
    assert browser.dropped() == {"older_version": 1}


@pytest.mark.parametrize("kind", ["chrome", "firefox"])
async def test_a_dismissed_activity_is_reported_and_stays_away(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    browser.pushed(activity(event="start", version=1))
    browser.do("live-activities/act-1/dismiss")
    await eventually(lambda: browser.account.bodies("live-activities/act-1/dismissed"))
    browser.pushed(activity(version=2))
    assert browser.cards() == []
    assert browser.dropped() == {"dismissed": 1}


async def test_firefox_tells_the_worker_of_replaced_ones_too_and_they_are_no_dismissals(
    make_browser: MakeBrowser,
) -> None:
    firefox, chrome = make_browser("firefox"), make_browser("chrome")
    for browser in (firefox, chrome):
        browser.pushed(activity(event="start", version=1))
        browser.pushed(activity(version=2))
    assert [one.read()["close_events"] for one in (firefox, chrome)] == [1, 0]
    firefox.do("open")
    assert not firefox.account.bodies("live-activities/act-1/dismissed")
    assert firefox.cards()


def test_an_iphone_does_not_tell_of_a_dismissal(make_browser: MakeBrowser) -> None:
    browser = make_browser("apple")
    browser.pushed(activity(event="start", version=1))
    browser.do("notifications/act-1/dismiss")
    browser.do("open")
    assert browser.titles() == []
    assert not browser.account.bodies("live-activities/act-1/dismissed")


def test_an_iphones_subscription_ends_unseen_after_three_pushes_that_show_nothing(make_browser: MakeBrowser) -> None:
    browser = make_browser("apple")
    browser.settings(worker_fails=True)
    for _ in range(3):
        browser.pushed(QUIET)
    assert browser.read()["endpoint"] is None
    browser.pushed(notification("nobody sees it"))
    assert browser.titles() == []
    assert browser.dropped() == {"worker_failed": 3, "old_subscription": 1}
    browser.settings(worker_fails=False)
    browser.do("open")
    assert len(browser.reports) == 2
    browser.pushed(notification("back"))
    assert browser.titles() == ["back"]


def test_chrome_shows_a_notice_of_its_own_from_the_second_quiet_push_on(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    browser.settings(worker_fails=True)
    browser.pushed(QUIET)
    assert browser.titles() == []
    for _ in range(20):
        browser.pushed(QUIET)
    assert browser.titles() == ["This site has been updated in the background."]


def test_firefox_unsubscribes_after_sixteen_quiet_pushes(make_browser: MakeBrowser) -> None:
    browser = make_browser("firefox")
    browser.settings(worker_fails=True)
    for _ in range(16):
        browser.pushed(QUIET)
    assert browser.push(QUIET).status_code == 410
    browser.settings(worker_fails=False)
    browser.do("open")
    browser.pushed(notification("back"))
    assert browser.titles() == ["back"]


@pytest.mark.parametrize("kind", ["chrome", "firefox"])
def test_an_open_page_excuses_quiet_pushes_but_on_an_iphone(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    browser.settings(worker_fails=True)
    browser.settings(page_open=True)
    for _ in range(18):
        browser.pushed(QUIET)
    assert browser.titles() == []
    assert browser.read()["quiet_pushes"] == 0


def test_what_is_on_the_screen_excuses_quiet_pushes_in_firefox(make_browser: MakeBrowser) -> None:
    browser = make_browser("firefox")
    browser.pushed(notification())
    browser.settings(worker_fails=True)
    for _ in range(20):
        browser.pushed(QUIET)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_for_other_keys_is_accepted_and_shows_nothing(make_browser: MakeBrowser, kind: str) -> None:
    browser, stranger = make_browser(kind), Keys.fresh()
    browser.pushed(b"", body=encrypt(b"{}", stranger.public, stranger.secret))
    browser.pushed(b"", body=b"not encrypted at all")
    assert browser.titles() == []
    assert browser.dropped() == {"undecryptable": 2}


def test_the_largest_message_is_decrypted(make_browser: MakeBrowser) -> None:
    browser = make_browser("firefox")
    text = json.dumps(notification("big")).encode().ljust(LARGEST_TEXT)
    browser.pushed(text)
    assert browser.titles() == ["big"]
    assert browser.push(text + b" ").status_code == 413


@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_that_is_away_gets_one_message_of_each_topic_when_it_is_back(
    make_browser: MakeBrowser, kind: str
) -> None:
    browser = make_browser(kind)
    browser.settings(offline=True)
    for version in (1, 2, 3):
        browser.pushed(notification(f"step {version}", smith={"version": version}), topic="one4")
    browser.pushed(notification("other", tag="n-2"))
    browser.pushed(notification("at once or never", tag="n-3"), ttl="0")
    assert (browser.read()["held"], browser.titles()) == (2, [])
    browser.settings(offline=False)
    assert browser.titles() == ["step 3", "other"]


@pytest.mark.parametrize("kind", KINDS)
def test_permission_taken_back_ends_the_subscription(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    browser.settings(notifications_enabled=False)
    assert browser.push(notification()).status_code == 410
    browser.settings(notifications_enabled=True)
    if kind == "apple":
        assert len(browser.reports) == 1
        browser.do("open")
    assert len(browser.reports) == 2
    browser.pushed(notification("again"))
    assert browser.titles() == ["again"]


def test_a_worker_that_hears_of_a_lost_subscription_subscribes_again(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    old = browser.reports[0]
    browser.do("lose-subscription")
    assert browser.server.push(old, notification()).status_code == 410
    browser.pushed(notification("again"))
    assert browser.titles() == ["again"]


async def test_a_report_that_fails_is_made_again(make_browser: MakeBrowser) -> None:
    browser = make_browser("firefox")
    browser.account.failing = [503, 503]
    browser.pushed(activity(event="start", version=1))
    browser.do("live-activities/act-1/dismiss")
    await eventually(lambda: len(browser.account.bodies("live-activities/act-1/dismissed")) == 3)


def test_a_tap_on_a_button_runs_its_webhook_and_one_on_the_notification_opens_the_page(
    make_browser: MakeBrowser,
) -> None:
    browser = make_browser("chrome")
    browser.pushed(notification(smith={"actions": ACTIONS}, actions=BUTTONS))
    browser.do("tap", action_id="a1")
    assert browser.titles() == []
    browser.pushed(notification(smith={"actions": ACTIONS}, actions=BUTTONS))
    browser.do("tap", action_id="a3", notification_id="n-1")
    assert [path for _, path, _ in browser.account.calls][-2:] == ["actions/a1/run", "actions/a3/run"]
    browser.pushed(notification(smith={"actions": ACTIONS}, actions=BUTTONS))
    assert browser.do("tap", action_id="a2") == {"opened": "https://example.com/open"}
    browser.pushed(notification())
    assert browser.do("tap") == {"opened": "https://smith.example.com/phone/#n=n-1"}


def test_deleting_a_browser_unpairs_it(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    assert browser.simulator.http.delete(f"/browsers/{browser.id}").status_code == 200
    assert browser.account.calls[-1][0] == "DELETE"
    assert browser.push(notification()).status_code == 404
    assert browser.simulator.http.get(f"/browsers/{browser.id}").status_code == 404


def test_the_change_feed_names_browsers_that_changed(make_browser: MakeBrowser) -> None:
    one, other = make_browser("chrome"), make_browser("firefox")
    http = one.simulator.http
    before = http.get("/browsers/changes").json()
    assert {one.id, other.id} <= set(before["browsers"])
    one.pushed(notification())
    news = http.get("/browsers/changes", params={"since": before["version"], "wait_seconds": 20}).json()
    assert (news["browsers"], news["complete"]) == ([one.id], False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_cannot_be_read_shows_that_something_has_come(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser(kind)
    browser.pushed(b"not JSON")
    assert browser.titles() == ["Something has come in"]
    assert browser.dropped() == {"undecodable": 1}


def test_an_iphone_shows_a_declarative_message_even_if_the_worker_fails(make_browser: MakeBrowser) -> None:
    browser = make_browser("apple")
    browser.settings(worker_fails=True)
    browser.pushed(notification("by itself"))
    assert browser.titles() == ["by itself"]


def test_an_activity_takes_the_place_of_the_one_that_it_replaces(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    browser.pushed(activity(event="start", version=1))
    browser.pushed(activity(event="start", version=1, tag="act-2", smith={"id": "act-2", "replaces": "act-1"}))
    assert [one["activity_id"] for one in browser.cards()] == ["act-2"]


def test_a_tap_leaves_an_activity_that_goes_on(make_browser: MakeBrowser) -> None:
    browser = make_browser("firefox")
    browser.pushed(activity(event="start", version=1))
    browser.do("tap", notification_id="act-1")
    assert browser.cards()
    browser.pushed(activity(event="end", version=2))
    browser.do("tap", notification_id="act-1")
    assert browser.cards() == []
    assert not browser.account.bodies("live-activities/act-1/dismissed")
