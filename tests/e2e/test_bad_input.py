"""Every bad input gets its status and a sentence that names the field and the rule."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.conftest import Audience
from tests.examples import examples
from tests.team import Team, push

WEBHOOK = {"title": "t", "type": "webhook", "url": "https://example.com/h"}
OPEN_URL = {"title": "t", "type": "open_url", "url": "https://example.com/h"}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "title is required"),
    ({"title": ""}, "title is required and must not be blank"),
    ({"title": "  "}, "title is required and must not be blank"),
    ({"title": None}, "title is required and must not be blank"),
    ({"title": 5}, "title must be a string"),
    ({"title": ["x"]}, "title must be a string"),
    ({"title": "x", "message": {}}, "message must be a string"),
    ({"title": "nul \x00"}, "title must not contain the character U+0000"),
    ({"title": "x", "badge": "7"}, "badge must be an integer"),
    ({"title": "x", "badge": 1.5}, "badge must be an integer"),
    ({"title": "x", "badge": True}, "badge must be an integer"),
    ({"title": "x", "badge": -1}, "badge must be between 0 and 2147483647"),
    ({"title": "x", "badge": 2**31}, "badge must be between 0 and 2147483647"),
    ({"title": "x", "badge": 2**70}, "badge must be"),
    ({"title": "x", "sound": ""}, "sound must be"),
    ({"title": "x", "media": "http://example.com/a.png"}, "media must be an absolute https:// URL"),
    ({"title": "x", "media": "https://"}, "media must be an absolute https:// URL"),
    ({"title": "x", "media": "https://exa mple.com/"}, "media must be an absolute https:// URL"),
    ({"title": "x", "media": "javascript:alert(1)"}, "media must be an absolute https:// URL"),
    ({"title": "x", "media": ""}, "media must be an absolute https:// URL"),
    ({"title": "x", "redirection": "example.com/page"}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": "http:///page"}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": "shortcuts://run me"}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": "JavaScript:alert(1)"}, "redirection must not be a link with javascript:"),
    ({"title": "x", "redirection": "data:text/html,x"}, "redirection must not be a link with data:"),
    ({"title": "x", "redirection": "file:///etc/passwd"}, "redirection must not be a link with file:"),
    (
        {"title": "x", "redirection": "activitysmith://pair?code=1"},
        "must not be a link with activitysmith:",
    ),
    ({"title": "x", "redirection": ""}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": 5}, "redirection must be a string"),
    ({"title": "x", "redirection": " javascript:alert(1)"}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": "java\nscript:alert(1)"}, "redirection must be a link with a scheme"),
    ({"title": "x", "redirection": "vbscript:x"}, "redirection must not be a link with vbscript:"),
    ({"title": "x", "redirection": "blob:https://example.com/1"}, "redirection must not be a link with blob:"),
    ({"title": "x", "redirection": "about:blank"}, "redirection must not be a link with about:"),
    ({"title": "x", "redirection": "https://[::1"}, "redirection must be a link with a scheme"),
    ({"title": "x", "media": "shortcuts://run-shortcut?name=x"}, "media must be an absolute https:// URL"),
    ({"title": "x", "redirection": "https://" + "a" * 3000}, "redirection must be at most 2048 characters"),
    ({"title": "x", "media": "https://e.com/a", "actions": [WEBHOOK]}, "media cannot be combined with actions"),
    ({"title": "x", "actions": [WEBHOOK] * 5}, "actions must have at most 4 items, not 5"),
    ({"title": "x", "actions": WEBHOOK}, "actions must be an array"),
    ({"title": "x", "actions": [WEBHOOK, "y"]}, "actions[1] must be an object"),
    ({"title": "x", "actions": [{"type": "webhook", "url": "https://e.com"}]}, "actions[0].title is required"),
    ({"title": "x", "actions": [{"title": "t", "url": "https://e.com"}]}, "actions[0].type is required"),
    ({"title": "x", "actions": [{"title": "t", "type": "webhook"}]}, "actions[0].url must be an absolute https:// URL"),
    ({"title": "x", "actions": [WEBHOOK | {"type": "call"}]}, "actions[0].type must be one of"),
    ({"title": "x", "actions": [WEBHOOK | {"method": "PUT"}]}, "actions[0].method must be one of"),
    ({"title": "x", "actions": [WEBHOOK | {"url": "http://e.com"}]}, "actions[0].url must be an absolute https:// URL"),
    ({"title": "x", "actions": [WEBHOOK | {"body": [1]}]}, "actions[0].body must be an object"),
    ({"title": "x", "actions": [None]}, "actions[0] must be an object, not null"),
    ({"title": "x", "payload": "text"}, "payload must be an object"),
    ({"title": "x", "actions": [OPEN_URL | {"url": "file:///x"}]}, "actions[0].url must not be a link with file:"),
    ({"title": "x", "actions": [WEBHOOK | {"url": "shortcuts://x"}]}, "actions[0].url must be an absolute https://"),
    (
        {"title": "x", "actions": [OPEN_URL | {"url": "javascript:x"}]},
        "actions[0].url must not be a link with javascript",
    ),
    (
        {"title": "x", "actions": [OPEN_URL | {"url": "data:text/html,x"}]},
        "actions[0].url must not be a link with data:",
    ),
    ({"title": "x", "payload": [1]}, "payload must be an object"),
    ({"title": "x", "interruption_level": ""}, "must be one of passive, active, time-sensitive"),
    ({"title": "x", "interruption_level": "ACTIVE"}, "must be one of passive, active, time-sensitive"),
    ({"title": "x", "interruption_level": "critical"}, "must be one of passive, active, time-sensitive"),
    ({"title": "x", "interruption_level": ["active"]}, "interruption_level must be one of"),
    ({"title": "x", "interruption_level": "loud"}, "must be one of passive, active, time-sensitive"),
    ({"title": "x", "interruption_level": "time_sensitive"}, "must be one of passive, active, time-sensitive"),
    ({"title": "x", "interruption_level": 1}, "interruption_level must be one of"),
    ({"title": "x", "icon": "http://example.com/i.png"}, "icon must be an absolute https:// URL"),
    ({"title": "x", "icon": "https://me:pw@example.com/i.png"}, "icon must not have a user name or a password"),
    ({"title": "x", "icon": ""}, "icon must be an absolute https:// URL"),
    ({"title": "x", "icon": 5}, "icon must be a string"),
    ({"title": "x", "icon": "data:image/png;base64,x"}, "icon must be an absolute https:// URL"),
    ({"title": "x", "icon": "shortcuts://x"}, "icon must be an absolute https:// URL"),
    ({"title": "x", "icon": "https://example.com/" + "a" * 3000}, "icon must be at most 2048 characters"),
    ({"title": "x", "tags": "billing"}, "tags must be an array"),
    ({"title": "x", "tags": [1]}, "tags[0] must be a string"),
    ({"title": "x", "tags": ["a", ""]}, "tags[1] must be 1 to 64 characters"),
    ({"title": "x", "tags": ["  "]}, "tags[0] must be 1 to 64 characters"),
    ({"title": "x", "tags": [None]}, "tags[0] must be a string, not null"),
    ({"title": "x", "tags": ["a" * 65]}, "tags[0] must be 1 to 64 characters"),
    ({"title": "x", "tags": [f"t{n}" for n in range(21)]}, "tags must have at most 20 items"),
    ({"title": "x", "tags": ["a\x00"]}, "tags[0] must not contain the character U+0000"),
    ({"title": "x", "metadata": []}, "metadata must be an object"),
    ({"title": "x", "metadata": {"a": None}}, "metadata.a must be a text, a number, true or false"),
    ({"title": "x", "metadata": {"a": {}}}, "metadata.a must be a text, a number, true or false"),
    ({"title": "x", "metadata": {"a": [1]}}, "metadata.a must be a text, a number, true or false"),
    (
        {"title": "x", "metadata": {"a": 10**400}},
        "metadata.a must be a number of a size that a floating-point number can",
    ),
    ({"title": "x", "metadata": {"": 1}}, "metadata must have keys of 1 to 100 characters that are not blank"),
    ({"title": "x", "metadata": {"a": "x" * 4001}}, "metadata.a must be at most 4000 characters"),
    ({"title": "x", "metadata": {" ": 1}}, "metadata must have keys of 1 to 100 characters that are not blank"),
    ({"title": "x", "metadata": {"k" * 101: 1}}, "metadata must have keys of 1 to 100 characters"),
    ({"title": "x", "metadata": {"__proto__": 1}}, "metadata must not have the key __proto__"),
    ({"title": "x", "metadata": {f"k{n}": n for n in range(51)}}, "metadata must have at most 50 entries"),
    ({"title": "x", "metadata": {f"k{n}": "x" * 3400 for n in range(5)}}, "metadata must be at most 16384 bytes"),
]

BAD_TARGETS: list[tuple[Any, str]] = [
    (None, "target must be an object, not null"),
    ("ops", "target must be an object"),
    ({}, "target.channels must contain at least one channel"),
    ({"channels": []}, "target.channels must contain at least one channel"),
    ({"channels": "ops"}, "target.channels must be an array of channel slugs"),
    ({"channels": [1]}, "target.channels[0] must be a string"),
    ({"channels": ["No Slug"]}, "target.channels[0] must be a channel slug"),
    ({"channels": ["a" * 65]}, "target.channels[0] must be a channel slug"),
    ({"channels": [f"c-{n}" for n in range(101)]}, "target.channels must have at most 100 items"),
    ({"channels": ["ops"], "users": []}, "target.users"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_a_broken_rule_is_named(team: Team, body: dict[str, Any], message: str) -> None:
    answer = push(team.key(), **body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Invalid request"
    assert message in answer.json()["message"]


@pytest.mark.parametrize(("target", "message"), BAD_TARGETS, ids=[message for _, message in BAD_TARGETS])
def test_a_bad_target_is_named(team: Team, target: Any, message: str) -> None:
    answer = push(team.key(), title="x", target=target)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Invalid channel targeting"
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"title": "x" * 5000}, "title"),
        ({"title": "x", "message": "é" * 2500}, "message"),
        ({"title": "x", "message": "y" * 1000, "payload": {"data": "z" * 5000}}, "payload"),
        ({"title": "x", "actions": [WEBHOOK | {"title": "t" * 5000}]}, "actions"),
    ],
)
def test_a_push_beyond_apns_limit_says_which_part_is_too_long(team: Team, body: dict[str, Any], part: str) -> None:
    answer = push(team.key(), **body)
    assert answer.status_code == 413
    assert answer.json()["error"] == "Payload too large"
    assert f"The longest part is {part} " in answer.json()["message"]
    assert answer.json()["part"] == part
    assert answer.json()["limit"] == 4096


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer ask_unknown"},
        {"Authorization": "Bearer dev_unknown"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer ask_" + "x" * 5000},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "ask_123456789"},
        {"Authorization": "Bearer ask_\u00e9".encode("latin-1")},
    ],
    ids=str,
)
def test_missing_or_wrong_keys_are_401(team: Team, headers: Any) -> None:
    answer = team.anybody.post("/api/push-notification", json={"title": "x"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == "Unauthorized"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"title": "x"', 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"null", 400),
        (b'{"title": "\xff\xfe"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title": "x", "badge": NaN}', 400),
        (b'{"title": "x", "payload": {"n": Infinity}}', 400),
        (b'{"title": "x", "metadata": {"n": NaN}}', 400),
        (b'{"title": "x", "payload": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}", 400),
        (b'{"title": "x", "payload": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}", 400),
        (b"[" * 200_000, 400),
        (b'{"title": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
def test_bytes_that_are_no_request_are_refused(team: Team, content: bytes, status: int) -> None:
    answer = team.key().post("/api/push-notification", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


def test_refused_requests_reach_no_phone_and_no_history(team: Team, audience: Audience) -> None:
    for body, _ in REFUSED:
        push(audience.key, **body)
    assert audience.phone.titles() == []
    history = team.owner.get("/api/push-notifications", params={"channel": audience.slug})
    assert (history.status_code, history.json()["push_notifications"]) == (200, [])


def test_links_within_the_rules_are_taken(audience: Audience) -> None:
    for link in (
        "http://nas.lan:8080",
        "shortcuts://run-shortcut?name=J",
        "spotify:track:1",
        "https://me:pw@example.com",
    ):
        answer = push(audience.key, title=link, redirection=link, actions=[OPEN_URL | {"url": link}])
        assert answer.status_code == 200, answer.text
        assert audience.phone.shows(link)["redirection"] == link


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(
    [
        "title", "message", "subtitle", "media", "redirection", "actions", "payload", "badge", "sound", "target",
        "icon", "interruption_level", "tags", "metadata",
    ]
)  # fmt: skip
likely_values = json_values | st.sampled_from(
    [[WEBHOOK], {"channels": ["ops"]}, "https://example.com", [WEBHOOK | {"type": 1}], {"channels": [None]}]
)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(names, likely_values, max_size=6) | json_values)
def test_no_body_makes_the_server_fail(generated_key: httpx.Client, body: Any) -> None:
    answer = generated_key.post("/api/push-notification", json=body)
    assert answer.status_code in (200, 400, 404, 413), answer.text
    assert answer.json().get("success") or (answer.json()["error"] and answer.json()["message"])


@pytest.fixture(scope="module")
def generated_key(team: Team) -> httpx.Client:
    """A key for generated requests; its channel has no devices."""
    slug, _ = team.channel()
    return team.key(slug)
