"""The pure rules of a push: who is reached, what fits, when it is tried again."""

import json
import random
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smith.core.v1.push_notification_pb2 import ChannelTarget
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from core_service.channels import audience as targeting
from core_service.channels.errors import ChannelScopeViolation
from core_service.common.actions import require_https_url
from core_service.common.validation import parse_json_object, write_json
from core_service.field_rules.check import check
from core_service.field_rules.errors import InvalidTarget
from core_service.identity.principal import ChannelRef
from core_service.push.content import Content, build_payload
from core_service.push.convert import read_content
from core_service.sending.errors import LIMIT_BYTES, PayloadTooLarge
from core_service.work_queue.retry import delay_seconds
from service_kit.errors import InvalidRequest

A, B, C = (ChannelRef(uuid.uuid4(), slug) for slug in "abc")
slugs = st.lists(st.sampled_from("abc"), min_size=1, max_size=5)


@given(scope=st.lists(st.sampled_from([A, B, C]), unique=True), requested=st.none() | slugs)
def test_a_scoped_key_reaches_exactly_what_is_both_its_own_and_asked_for(
    scope: list[ChannelRef], requested: list[str] | None
) -> None:
    own = {channel.slug for channel in scope}
    if requested is not None and not set(requested) <= own:
        with pytest.raises(ChannelScopeViolation):
            targeting.within_scope(scope, targeting.each_once(requested))
        return
    asked = None if requested is None else targeting.each_once(requested)
    reached = [channel.slug for channel in targeting.within_scope(scope, asked)]
    assert set(reached) == (own if requested is None else set(requested))
    assert len(reached) == len(set(reached))


def to_channels(*slugs: str) -> SendPushNotificationRequest:
    """A push to these channels."""
    return SendPushNotificationRequest(title="t", target=ChannelTarget(channels=slugs))


def test_an_unknown_slug_is_named_by_its_place() -> None:
    with pytest.raises(InvalidTarget, match=r"target\.channels\[1\]: there is no channel with the slug c"):
        targeting.all_known(("a", "c"), [A, B])


@pytest.mark.parametrize("slug", ["", "-", "-a", "a-", "a--b", "A", "a_b", "a b", "ä", "a" * 65, "a\n"])
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(InvalidTarget, match=r"target\.channels\[0\] must be a channel slug"):
        check(to_channels(slug))


@pytest.mark.parametrize("slug", ["a", "0", "ios-beta", "a-1-b", "a" * 64])
def test_slugs_are_taken(slug: str) -> None:
    check(to_channels(slug, slug))
    assert targeting.each_once([slug, slug]) == (slug,)


HTTPS_URLS = [
    "https://example.com",
    "HTTPS://EXAMPLE.COM/Path?q=1#f",
    "https://user:pass@example.com:8443/x",
    "https://[2001:db8::1]/x",
    "https://münchen.example/ä",
    "https://127.0.0.1/local",
]
NO_HTTPS_URLS = [
    "",
    "https",
    "https:",
    "https://",
    "https:///path",
    "https:example.com",
    "http://example.com",
    "//example.com",
    "/relative",
    "example.com",
    "ftp://example.com",
    "javascript:alert(1)",
    "https://exa mple.com",
    "https://example.com/a b",
    " https://example.com",
    "https://example.com\n",
    "https://example.com:99999",
    "https://[::1",
    "https://\x00",
]


@pytest.mark.parametrize("url", HTTPS_URLS)
def test_https_urls_are_kept_as_written(url: str) -> None:
    assert require_https_url(url, "media") == url


@pytest.mark.parametrize("url", NO_HTTPS_URLS)
def test_anything_else_is_no_https_url(url: str) -> None:
    with pytest.raises(InvalidRequest, match="media must be an absolute https:// URL"):
        require_https_url(url, "media")


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=3000)


@given(title=texts.filter(str.strip), message=st.none() | texts, payload=st.none() | st.dictionaries(texts, texts))
def test_a_payload_is_within_apples_limit_or_refused_with_the_excess(
    title: str, message: str | None, payload: dict[str, Any] | None
) -> None:
    content = Content(title=title, message=message, payload=payload)
    try:
        body = build_payload(uuid.uuid4(), content)
    except PayloadTooLarge as refused:
        facts = refused.facts
    else:
        assert len(body) <= LIMIT_BYTES
        sent = json.loads(body)
        assert sent["aps"]["alert"]["title"] == title
        assert sent["smith"].get("payload") == payload
        return
    assert facts["bytes"] > facts["limit"] == LIMIT_BYTES
    assert facts["part"] in {"title", "message", "payload"}


numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), numbers | st.text("ab") | st.lists(numbers)))
def test_users_json_keeps_its_meaning(value: dict[str, Any]) -> None:
    parsed = parse_json_object(write_json(value).decode(), "payload")
    assert parsed == value
    assert parse_json_object(write_json(parsed).decode(), "payload") == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must be valid JSON"),
        ("{", "must be valid JSON"),
        ('{"a": NaN}', "must be valid JSON"),
        ('{"a": -Infinity}', "must be valid JSON"),
        ('{"a": 1E-99999999999999999999}', "must be valid JSON"),
        ("[]", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"a":' * 33 + "1" + "}" * 33, "nested at most 32 levels deep"),
        ('{"a":' * 100_000, "nested at most 32 levels deep"),
        ('{"a": "\\ud800"}', "valid Unicode text"),
    ],
)
def test_what_is_no_users_json_is_refused(text: str, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=f"payload .*{rule}"):
        parse_json_object(text, "payload")


@pytest.mark.parametrize(
    "number", ["1e999", "-1e400", "1" + "0" * 309, "9" * 5000, "1.8e308", "1E99999999999999999999"]
)
def test_a_number_that_no_double_holds_is_refused_by_its_path(number: str) -> None:
    """Apple's parser would lose the whole push."""
    with pytest.raises(InvalidRequest, match="a floating-point number can hold") as refused:
        parse_json_object(f'{{"a": [1, {{"b c": {number}}}]}}', "payload")
    assert refused.value.fields == ('payload.a[1]."b c"',)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**308), 10**308))
def test_every_other_number_survives_digit_by_digit(number: float | int) -> None:
    text = f'{{"a":{number!r}}}'
    assert parse_json_object(text, "payload")["a"] == Decimal(repr(number))


def test_thirty_two_levels_are_allowed() -> None:
    assert parse_json_object('{"a":' * 32 + "1" + "}" * 32, "payload")


@given(least=st.floats(0, 3600), attempts=st.integers(0, 1000), seed=st.integers())
def test_a_retry_waits_at_least_what_the_reason_asks_and_never_for_ever(least: float, attempts: int, seed: int) -> None:
    delay = delay_seconds(least, attempts, random.Random(seed))
    assert least <= delay <= max(15.0, 4 * max(least, 0.5)) * 1.1


def test_retries_back_off() -> None:
    no_jitter = random.Random()
    no_jitter.random = lambda: 0.0  # type: ignore[method-assign]
    assert [delay_seconds(1, attempts, no_jitter) for attempts in range(6)] == [1, 2, 4, 8, 15, 15]
    assert [delay_seconds(900, attempts, no_jitter) for attempts in range(4)] == [900, 1800, 3600, 3600]


def test_media_excludes_actions_but_not_redirection() -> None:
    content = read_content(
        SendPushNotificationRequest(title="t", media="https://e.com/m", redirection="https://e.com/r")
    )
    assert content.media == "https://e.com/m"
    assert content.redirection == "https://e.com/r"
