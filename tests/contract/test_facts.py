"""Our description of the documented endpoints against the facts of the documented contract (`facts.json`)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gateway.openapi import document
from gateway.routes import routes
from tests.contract.shape import Table, tables

CONTRACT: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("facts.json").read_text(encoding="utf-8"))
"""In the form of `shape.tables`, taken from the contract of March 2026."""
OURS = tables(document(routes()))

HIGHEST = 2**31 - 1
LATER = (
    "interruption_level|icon|tags|metadata|secondary_action|badge|message|duration_seconds|counts_down|is_running"
    r"|metrics\[\]\.color"
)
"""Fields that later versions of the contract have."""
HTTPS, LINK = "^https://", "^[A-Za-z][A-Za-z0-9+.-]*:"
CARD_LINK = "^(https?|shortcuts|x-safari-https?)://"
COLORS = ["lime", "green", "cyan", "blue", "purple", "magenta", "red", "orange", "yellow"]
TYPES = ["segmented_progress", "progress", "metrics", "counter", "timer", "countdown"]


class Difference(NamedTuple):
    """One rule that differs, or one value that only one side has (rule `there`)."""

    where: str
    """Operation, part and path: `POST /push-notification request title`."""
    rule: str
    theirs: Any
    ours: Any


class Deviation(NamedTuple):
    """Differences that are meant. `where` is a regular expression of the whole of the difference's."""

    where: str
    rule: str
    theirs: Any
    ours: Any
    reason: str


DEVIATIONS = [
    Deviation(r".* request (.*\.)?title", "minLength", None, 1, "a title without text shows nothing"),
    Deviation(r".* request (.*\.|.*\[\]\.)?title", "pattern", None, r"\S", "neither does one of white space"),
    Deviation(r".* request actions\[\]\.title", "minLength", None, 1, "the same for buttons"),
    Deviation(r".* request (media|redirection|.*\.url)", "maxLength", None, 2048, "longer ones fit in no push"),
    Deviation(
        r".* request (?!target).*",
        "open",
        False,
        True,
        "an unknown field is ignored and named: no alert is lost for a decoration",
    ),
    Deviation(r".* 4\d\d field", "there", False, True, "the path of the field that is to blame"),
    Deviation(r".* request badge", "minimum", None, 0, "iOS knows no other numbers"),
    Deviation(r".* request badge", "maximum", None, HIGHEST, "iOS knows no other numbers"),
    Deviation(r".* request sound", "minLength", None, 1, "the name of a file"),
    Deviation(r".* request sound", "maxLength", None, 100, "the name of a file"),
    Deviation(r".* request (target\.)?channels", "maxItems", None, 100, "a bound on the work of one request"),
    Deviation(r".* request (target\.)?channels\[\]", "minLength", None, 1, "what a slug is"),
    Deviation(r".* request (target\.)?channels\[\]", "maxLength", None, 64, "what a slug is"),
    Deviation(r".* request (target\.)?channels\[\]", "pattern", None, "^[a-z0-9]+(-[a-z0-9]+)*$", "what a slug is"),
    Deviation(r".* request .*\.(number_of_steps|current_step)", "maximum", None, HIGHEST, "what Swift's decoder takes"),
    Deviation(r".* request .*\.auto_dismiss_\w+", "maximum", None, HIGHEST, "iOS keeps an ended card for 4 hours"),
    Deviation(r".* request .*\.metrics", "maxItems", None, 50, "far more than fit in a push"),
    Deviation(
        r".*stream.* request .*\.auto_dismiss_minutes", "default", None, 3, "documented for ends: it is the same"
    ),
    Deviation(r".* request activity_id", "minLength", None, 1, "no activity has an empty id"),
    Deviation(r".* parameters path stream_key", "minLength", None, 1, "the pattern says as much"),
    Deviation(
        r"DELETE .* request ",
        "dependentRequired",
        None,
        {"action": ["content_state"], "alert": ["content_state"], "secondary_action": ["content_state"]},
        "without a last state there is nothing to show them with",
    ),
    Deviation(
        rf".* request (.*\.)?({LATER})(\[\]|\.\w+)*",
        "there",
        False,
        True,
        "part of the contract since July 2026 or later",
    ),
    Deviation(r".* 200 tags(\[\])?", "there", False, True, "the same"),
    Deviation(r".*/start 200 warning", "there", False, True, "for who has phones with older apps"),
    Deviation(r".* request actions\[\]\.url|.* request redirection", "pattern", HTTPS, LINK, "any app's links"),
    Deviation(r".* request action\.url", "pattern", HTTPS, CARD_LINK, "web pages and shortcuts, since then"),
    Deviation(
        r".* request content_state",
        "dependentRequired",
        {"upper_limit": ["value"], "value": ["upper_limit"]},
        {"upper_limit": ["value"]},
        "the type value has no limit; for progress the limit is required all the same",
    ),
    Deviation(
        r".* request .*\.(color|step_color|step_colors\[\])", "enum", COLORS, [*COLORS, "gray"], "gray, since then"
    ),
    Deviation(r".* request .*\.type", "enum", TYPES, [*TYPES, "stats", "alert", "value"], "types, since then"),
    Deviation(r".* request .*\.current_step", "minimum", 1, 0, "no step has begun, since then"),
    Deviation(r".* request .*\.value", "type", "number", "", "a number or a text, since then"),
    Deviation(r".* request .*\.metrics\[\]\.value", "minimum", 0, None, "said of the number among the two"),
    Deviation(r".* request .*\.metrics\[\]\.value", "maximum", 100, None, "any number of 0 or more, since then"),
    Deviation(r".*/(start|update|end) request .*\.auto_dismiss_\w+", "there", False, True, "documented for streams"),
    Deviation(
        r".*/(update|end) request alert(\..*)?", "there", False, True, "an update may ring: documented for streams"
    ),
    Deviation(r".* 200 devices_notified", "required", None, True, "we always say it"),
    Deviation(r".* 200 users_notified", "required", None, True, "we always say it"),
    Deviation(r"PUT .* 200 activity_id", "required", None, True, "null is written out"),
    Deviation(r"DELETE .* 200 activity_id", "required", None, True, "null is written out"),
    Deviation(r".* 200 effective_channel_slugs", "nullable", True, None, "left out, and never null"),
    Deviation(r".*(notification|start) 200 devices_queued", "there", False, True, "what is still owed"),
    Deviation(r".*notification 200 notification_id", "there", False, True, "names it in the delivery log"),
    Deviation(r".*(stream/.*|update) 200 warning", "there", False, True, "for who updates too often"),
    Deviation(r".*/start 429 (limit|active)", "there", False, True, "a start is what the limit of activities is about"),
    Deviation(r".*/end 200 ignored", "there", False, True, "it had ended before"),
    Deviation(r".*(/update|/end|stream_key}) 200 by_broadcast", "there", False, True, "phones are told by broadcast"),
    Deviation(r".*(/start|PUT .*) 200 ended_activity_id", "there", False, True, "it had to make room on a phone"),
    Deviation(
        r".*/update 200 (users_notified|effective_channel_slugs(\[\])?)",
        "there",
        False,
        True,
        "whom an update has reached, as starts say it: part of the contract since SDK 1.14",
    ),
    Deviation(
        r".* 429 (blocked_devices|targeted_devices)", "there", False, True, "how many phones have no room, since then"
    ),
    Deviation(r".* 429 code", "there", False, True, "tells a rate limit from other limits, since then"),
]


def described() -> Iterator[Difference]:
    """Every difference of the documented operations."""
    for name, theirs in CONTRACT.items():
        ours = OURS[name]
        yield from compare(f"{name} parameters", theirs["parameters"], ours["parameters"], optional="header")
        yield from compare(f"{name} request", theirs["request"], ours["request"])
        for status, forms in theirs["answers"].items():
            for form in ours["answers"][status]:
                like = [one for one in forms if one.keys() <= form.keys()]
                if like:
                    yield from compare(f"{name} {status}", max(like, key=len), form)


def compare(where: str, theirs: Table, ours: Table, *, optional: str = "-") -> Iterator[Difference]:
    """What differs between two tables. Names that begin with `optional` may be added without a word."""
    for path in theirs.keys() | ours.keys():
        if path not in theirs or path not in ours:
            if not path.startswith(optional):
                yield Difference(f"{where} {path}", "there", path in theirs, path in ours)
            continue
        for rule in theirs[path].keys() | ours[path].keys():
            if theirs[path].get(rule) != ours[path].get(rule):
                yield Difference(f"{where} {path}", rule, theirs[path].get(rule), ours[path].get(rule))


def is_meant(difference: Difference, deviation: Deviation) -> bool:
    """Whether the difference is of this kind."""
    return bool(re.fullmatch(deviation.where, difference.where)) and difference[1:] == deviation[1:4]


def test_documented_bodies_and_parameters_are_as_documented_but_for_what_is_listed() -> None:
    """Both ways: an unlisted difference fails, and so does a listed one that is none any more."""
    found = list(described())
    assert [one for one in found if not any(is_meant(one, deviation) for deviation in DEVIATIONS)] == []
    assert [one for one in DEVIATIONS if not any(is_meant(difference, one) for difference in found)] == []


def test_generated_clients_name_the_documented_calls_as_documented() -> None:
    """Paths and methods are the keys of both tables; names and groups come from the documents."""
    for name, theirs in CONTRACT.items():
        ours = OURS[name]
        assert (ours["operation_id"], ours["tags"]) == (theirs["operation_id"], theirs["tags"])
        assert ours["body_required"] == theirs["body_required"]


def test_documented_statuses_have_the_documented_forms() -> None:
    """Each of our forms is one of the documented ones, or has a fact that says which error it is.

    A push is never refused for the number of Live Activities, and a start is: there the contract mixes the two up.
    """
    limit_error = {"", "error", "message", "limit", "active", "blocked_devices", "targeted_devices"}
    for name, theirs in CONTRACT.items():
        for status, forms in theirs["answers"].items():
            ours = OURS[name]["answers"][status]
            assert ours, (name, status)
            for form in ours:
                known = any(one.keys() <= form.keys() for one in forms)
                assert known or (status == "429" and form.keys() == limit_error), (name, status, form)


def test_every_documented_operation_tells_of_what_any_server_may_answer() -> None:
    """Beyond the contract, which leaves these out."""
    for name in CONTRACT:
        assert {"400", "401", "403", "404", "409", "413", "429", "503"} <= OURS[name]["answers"].keys()
