"""What browsers get of a notification: all of it where it fits, and never more than every push service takes."""

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.common.actions import Action, ActionType
from core_service.push.content import Content, build_payload
from core_service.sending.errors import PayloadTooLarge
from core_service.sending.later_versions import silent_form
from core_service.sending.web_form import CUT, LIMIT_BYTES, SHORTEST, notification_for_browsers

PAGE = "https://smith.example.com/phone/"
ID = uuid.UUID("01990000-0000-7000-8000-000000000001")


def message(content: Content, *, version: int = 1, page: str | None = PAGE, silent: bool = False) -> Any:
    """What a browser gets of it."""
    payload = build_payload(ID, content)
    written = notification_for_browsers(silent_form(payload) if silent else payload, version, page)
    assert len(written) <= LIMIT_BYTES
    return json.loads(written)


def button(kind: ActionType, title: str = "Open", url: str = "https://ci.example.com/7") -> Action:
    """A button."""
    method = "POST" if kind is ActionType.WEBHOOK else None
    return Action(id=uuid.uuid4(), title=title, type=kind, url=url, method=method, body=None)


def test_it_says_all_that_a_phone_is_told() -> None:
    tap, call = button(ActionType.OPEN_URL), button(ActionType.WEBHOOK, "Retry", "https://hooks.example.com/secret")
    content = Content(
        title="Deploy",
        subtitle="api",
        message="v1.42 failed",
        media="https://pictures.example.com/1.png",
        icon="https://pictures.example.com/2.png",
        payload={"build": 7},
        badge=3,
        actions=(tap, call, button(ActionType.OPEN_URL, "Third")),
    )
    got = message(content, version=2)
    shown, smith = got["notification"], got["notification"]["data"]["smith"]
    assert (got["web_push"], got["app_badge"]) == (8030, 3)
    assert (shown["title"], shown["body"], shown["tag"]) == ("Deploy", "api\nv1.42 failed", str(ID))
    assert shown["navigate"] == f"{PAGE}#n={ID}"
    assert [one["title"] for one in shown["actions"]] == ["Open", "Retry"], "browsers show two"
    assert shown["actions"][0] == {"action": str(tap.id), "title": "Open", "navigate": "https://ci.example.com/7"}
    assert shown["actions"][1]["navigate"] == shown["navigate"]
    assert "silent" not in shown
    assert (smith["kind"], smith["id"], smith["version"], smith["badge"]) == ("notification", str(ID), 2, 3)
    assert (smith["subtitle"], smith["media"], smith["icon"]) == ("api", content.media, content.icon)
    assert smith["payload"] == {"build": 7}
    assert len(smith["actions"]) == 3, "the page shows all"
    assert "hooks.example.com" not in json.dumps(got), "a webhook's URL stays on the server"


def test_a_page_that_is_not_known_is_where_the_server_has_it_and_safari_is_promised_nothing() -> None:
    got = message(Content(title="x"), page=None)
    assert "web_push" not in got
    assert got["notification"]["navigate"] == f"/phone/#n={ID}"


@pytest.mark.parametrize(
    ("redirection", "navigate"),
    [("https://example.com/7", "https://example.com/7"), ("myapp://orders/7", f"{PAGE}#n={ID}")],
)
def test_a_tap_leads_where_the_sender_says_if_a_browser_can_go_there(redirection: str, navigate: str) -> None:
    got = message(Content(title="x", redirection=redirection))
    assert got["notification"]["navigate"] == navigate
    assert got["notification"]["data"]["smith"]["redirection"] == redirection


@pytest.mark.parametrize(
    ("level", "silent"), [(None, False), ("active", False), ("critical", False), ("passive", True)]
)
def test_what_shall_not_be_heard_is_silent(level: str | None, silent: bool) -> None:
    assert ("silent" in message(Content(title="x", interruption_level=level))["notification"]) is silent
    assert message(Content(title="x", interruption_level=level), silent=True)["notification"]["silent"] is True


def test_the_senders_own_json_goes_before_a_word_of_the_text() -> None:
    got = message(Content(title="x", message="m" * 1500, payload={"a": "p" * 1500}))
    assert got["notification"]["body"] == "m" * 1500
    assert "payload" not in got["notification"]["data"]["smith"]


def test_a_long_text_is_cut_and_says_so() -> None:
    body = message(Content(title="x", message="word " * 700))["notification"]["body"]
    assert body.endswith(CUT)
    assert len(body) > 2000
    assert body.startswith("word word")


TEXTS = st.one_of(
    st.text(min_size=1, max_size=60),
    st.text('\x1f"\\é€🦊\n', min_size=1, max_size=900),
    st.builds(lambda one, times: one * times, st.characters(exclude_categories=["Cs"]), st.integers(1, 3000)),
)
URLS = st.builds(lambda size: "https://example.com/" + "u" * size, st.integers(0, 900))


CONTENTS = st.builds(
    Content,
    title=TEXTS,
    message=st.none() | TEXTS,
    subtitle=st.none() | TEXTS,
    media=st.none() | URLS,
    redirection=st.none() | URLS,
    actions=st.lists(st.builds(button, st.sampled_from(ActionType), TEXTS, URLS), max_size=4).map(tuple),
    interruption_level=st.sampled_from([None, "passive"]),
)


@given(content=CONTENTS, page=st.none() | URLS.map(lambda url: url[:400]))
def test_whatever_is_sent_fits_and_keeps_its_id_and_the_beginning_of_its_text(content: Content, page: Any) -> None:
    try:
        payload = build_payload(ID, content)
    except PayloadTooLarge:
        return
    written = notification_for_browsers(payload, 1, page)
    assert len(written) <= LIMIT_BYTES
    shown, title = json.loads(written)["notification"], content.title
    assert (shown["tag"], shown["data"]["smith"]["id"]) == (str(ID), str(ID))
    assert shown["title"] == title or (
        shown["title"].endswith(CUT) and title.startswith(shown["title"].removesuffix(CUT)) and len(title) > SHORTEST
    )
