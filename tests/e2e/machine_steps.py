"""The steps of the state machine test, as hypothesis draws them."""

import os
from typing import Any

from hypothesis import strategies as st

from tests.e2e.machine_world import NAMES

PATIENT = "SMITH_TEST_EXAMPLES" in os.environ
"""Whether there is time for troubles that last."""

TYPES = ("segmented_progress", "progress", "metrics", "counter", "timer", "countdown")
COLORS = ("lime", "green", "cyan", "blue", "purple", "magenta", "red")
ANY = st.integers(0, 999)
CHANNEL = st.sampled_from((None, "left", "right"))
KEY = st.sampled_from(("ci", "deploy"))
NAME = st.sampled_from(NAMES)
CHANGE = st.sampled_from(("state", "state", "state", "type", "target", "nothing"))
PHONE_CHANGES: tuple[dict[str, Any], ...] = (
    {"offline": True},
    {"offline": False},
    {"offline": False},
    {"offline": True},
    {"update_token_delay_seconds": 0.0},
    {"update_token_delay_seconds": 0.3},
    {"update_token_delay_seconds": 1.5},
    {"update_token_delay_seconds": None},
    {"token_delay_seconds": 0.0},
)
ONCE: dict[str, dict[str, Any]] = {
    "refused stream": {"action": "reset", "code": "REFUSED_STREAM"},
    "broken stream": {"action": "reset", "code": "INTERNAL_ERROR"},
    "cancelled stream": {"action": "reset", "code": "CANCEL"},
    "slow": {"delay_seconds": 0.4},
    "very slow": {"delay_seconds": 1.6},
    "two answers": {"action": "duplicate"},
}
ONCE_PATIENTLY: dict[str, dict[str, Any]] = {
    "mute": {"action": "mute"},
    "answers too late": {"delay_seconds": 11.0},
    "too many requests": {"status": 429, "reason": "TooManyRequests"},
}
CONNECTIONS: dict[str, dict[str, Any]] = {
    "goaway": {"action": "goaway", "last_stream": "half"},
    "rude goaway": {"action": "goaway", "last_stream": "none", "answer_rest": False},
    "false goaway": {"action": "goaway", "last_stream": "all", "answer_rest": False},
    "reset": {"action": "reset"},
}
KILLS = ("kill gateway", "kill core", "kill delivery")
RARE = (*ONCE_PATIENTLY, "kill simulator", "kill postgres") if PATIENT else ("kill simulator",)
TROUBLE = st.sampled_from(("",) * 30 + (*ONCE, *CONNECTIONS, "lost answers", "lost answers", *KILLS, *KILLS, *RARE))


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a call, apart from its title."""
    kind = draw(st.sampled_from(TYPES))
    number = draw(st.integers(1, 9))
    if kind == "progress":
        content: dict[str, Any] = {"percentage": number * 10}
    elif kind == "metrics":
        content = {"metrics": [{"label": "CPU", "value": number, "unit": "%"}]}
    else:
        content = {"number_of_steps": 9, "current_step": number}
    content["type"] = kind
    if draw(st.booleans()):
        content["color"] = draw(st.sampled_from(COLORS))
    if draw(st.integers(0, 4)) == 0:
        content["auto_dismiss_minutes"] = draw(st.sampled_from((0, 1)))
    body: dict[str, Any] = {"content_state": content}
    if draw(st.integers(0, 4)) == 0:
        body["action"] = {"title": f"Open {number}", "type": "open_url", "url": f"https://example.com/{number}"}
    if draw(st.integers(0, 4)) == 0:
        body["alert"] = {"title": "Look", "body": str(number)}
    return body


def _step(method: str, weight: int, **arguments: st.SearchStrategy[Any]) -> list[st.SearchStrategy[Any]]:
    return [st.tuples(st.just(method), st.fixed_dictionaries(arguments))] * weight


STEP = st.one_of(
    *_step("start", 3, body=contents(), channel=CHANNEL, trouble=TROUBLE),
    *_step("update", 4, which=ANY, body=contents(), same_type=st.booleans(), trouble=TROUBLE),
    *_step("end", 2, which=ANY, body=contents(), trouble=TROUBLE),
    *_step("put", 7, key=KEY, body=contents(), channel=CHANNEL, change=CHANGE, trouble=TROUBLE),
    *_step("put_at_once", 2, key=KEY, body=contents(), change=CHANGE, count=st.integers(2, 6), trouble=TROUBLE),
    *_step("delete", 1, key=KEY, body=st.none() | contents(), trouble=TROUBLE),
    *_step("pause_or_resume", 2, key=KEY, trouble=TROUBLE),
    *_step("change_phone", 4, name=NAME, change=st.sampled_from(PHONE_CHANGES)),
    *_step("renew_start_token", 1, name=NAME, delay=st.sampled_from((0.0, 0.3, None))),
    *_step("renew_update_token", 2, name=NAME, which=ANY),
    *_step("dismiss", 1, name=NAME, which=ANY),
    *_step("come_to_rest", 1),
)
"""One rule draws them all: hypothesis would leave out most of many rules in most walks."""
