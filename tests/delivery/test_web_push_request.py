"""What a push service gets is what the RFCs and the services ask for, as other implementations judge."""

import base64
import datetime as dt
import json
import re
from typing import Any
from urllib.parse import urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from py_vapid import Vapid02
from pywebpush import WebPusher, webpush
from smith.delivery.v1.delivery_pb2 import Push

from delivery_service.apns.request import jobs_of as phones_of
from delivery_service.web_push.encryption import MAX_BODY_BYTES, MAX_PAYLOAD_BYTES, encrypt
from delivery_service.web_push.request import MAX_TTL, Message, jobs_of, topic_of
from delivery_service.web_push.vapid import LIFETIME, MAX_TOKENS, RENEW_AFTER, Vapid
from service_kit.web_push import PushServices, Subscription, parse_allowed
from tests.delivery.harness import push
from tests.delivery.push_services import Browser, Received, b64, new_key, point, web_push

SUBJECT = "mailto:operator@example.com"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc?x=1"
NOW = 1_800_000_000.0
SERVICES = PushServices()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def message_of(sent: Push, services: PushServices = SERVICES) -> Message:
    """What the only target of a push gets."""
    [job] = jobs_of([sent])
    message = job.message(services)
    assert isinstance(message, Message), message
    return message


def headers_of(now: float = NOW, **fields: Any) -> dict[bytes, bytes]:
    """The headers of a push to a browser of Google's."""
    headers = message_of(web_push(Browser(ENDPOINT), **fields)).headers_for(now, b"vapid", b"body")
    assert len(dict(headers)) == len(headers)
    return dict(headers)


# Encryption.


def test_the_example_of_rfc_8291_gives_the_same_bytes() -> None:
    """Appendix A."""
    private = int.from_bytes(unb64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    browser = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        Subscription.of(ENDPOINT, browser, "BTBZMqHH6r4Tts7J_aSIgg"),
        salt=unb64("DGv6ra1nlYgDCS1FRnbzlw"),
        key=ec.derive_private_key(private, ec.SECP256R1()),
    )
    assert b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBr"
        "u3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@given(st.binary(min_size=1, max_size=MAX_PAYLOAD_BYTES))
def test_any_payload_is_read_by_its_browser_as_it_was(payload: bytes) -> None:
    browser = Browser(ENDPOINT)
    assert browser.decrypt(Received("/", {}, encrypt(payload, browser.subscription))) == payload


def test_the_largest_payload_fills_what_every_service_takes() -> None:
    assert len(encrypt(b"x" * MAX_PAYLOAD_BYTES, Browser(ENDPOINT).subscription)) == MAX_BODY_BYTES


def test_no_other_browser_can_read_it_and_no_two_bodies_are_the_same() -> None:
    browser, other = Browser(ENDPOINT), Browser(ENDPOINT)
    first, second = (encrypt(b"secret", browser.subscription) for _ in range(2))
    assert first != second
    with pytest.raises(http_ece.ECEException):
        other.decrypt(Received("/", {}, first))


def test_what_pywebpush_makes_of_the_same_push_has_the_same_form() -> None:
    browser = Browser(ENDPOINT)
    theirs = WebPusher(browser.info()).encode(b"hello", "aes128gcm")["body"]
    ours = encrypt(b"hello", browser.subscription)
    assert len(theirs) == len(ours)
    assert theirs[16:21] == ours[16:21], "record size and length of the key"
    assert browser.decrypt(Received("/", {}, theirs)) == browser.decrypt(Received("/", {}, ours)) == b"hello"


# VAPID.


def claims_of(header: bytes, key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """The claims, if py-vapid verifies them."""
    assert Vapid02.verify(header.decode())
    [(token, public)] = re.findall(r"^vapid t=(\S+),k=(\S+)$", header.decode())
    assert public == b64(point(key))
    head, claims, _ = token.split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    return dict(json.loads(unb64(claims)))


def test_a_token_is_for_the_origin_lives_twelve_hours_and_verifies() -> None:
    key = new_key()
    header = Vapid(lambda: key, SUBJECT, lambda: NOW).header_for("https://fcm.googleapis.com")
    assert claims_of(header, key) == {"aud": "https://fcm.googleapis.com", "exp": NOW + LIFETIME, "sub": SUBJECT}
    assert LIFETIME == 12 * 3600


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/a", "https://fcm.googleapis.com"),
        ("https://FCM.googleapis.com:443/fcm/send/a", "https://fcm.googleapis.com"),
        ("https://web.push.apple.com/Q?a=https://x", "https://web.push.apple.com"),
        ("http://127.0.0.1:8099/push/1", "http://127.0.0.1:8099"),
    ],
)
def test_the_origin_is_written_as_rfc_6454_says(endpoint: str, origin: str) -> None:
    services = PushServices(parse_allowed("http://127.0.0.1:8099"))
    assert message_of(web_push(Browser(endpoint)), services).origin == origin


def test_a_token_is_signed_again_after_six_hours_and_not_before() -> None:
    key, clock = new_key(), [NOW]
    vapid = Vapid(lambda: key, SUBJECT, lambda: clock[0])
    first = vapid.header_for("https://a.example")
    clock[0] += RENEW_AFTER - 1
    assert vapid.header_for("https://a.example") is first
    clock[0] += 1
    second = vapid.header_for("https://a.example")
    assert second != first
    assert claims_of(second, key)["exp"] == clock[0] + LIFETIME


def test_a_token_that_would_live_too_long_as_the_clock_was_set_back_is_signed_again() -> None:
    key, clock = new_key(), [NOW]
    vapid = Vapid(lambda: key, SUBJECT, lambda: clock[0])
    first = vapid.header_for("https://a.example")
    clock[0] -= 20 * 3600
    assert claims_of(vapid.header_for("https://a.example"), key)["exp"] < claims_of(first, key)["exp"]


def test_another_key_signs_at_once() -> None:
    keys = [new_key()]
    vapid = Vapid(lambda: keys[-1], SUBJECT, lambda: NOW)
    claims_of(vapid.header_for("https://a.example"), keys[0])
    assert vapid.public_key == b64(point(keys[0]))
    keys.append(new_key())
    claims_of(vapid.header_for("https://a.example"), keys[1])
    assert vapid.public_key == b64(point(keys[1]))


def test_tokens_of_any_number_of_services_do_not_pile_up_and_those_in_use_are_kept() -> None:
    key = new_key()
    vapid = Vapid(lambda: key, SUBJECT, lambda: NOW)
    used = vapid.header_for("https://used.example")
    for number in range(MAX_TOKENS * 2):
        vapid.header_for(f"https://{number}.example")
        assert vapid.header_for("https://used.example") is used
    assert len(vapid._headers) == MAX_TOKENS


def test_without_a_key_nothing_is_signed_and_it_is_said_why() -> None:
    vapid = Vapid(lambda: None, SUBJECT)
    assert (vapid.fault(), vapid.public_key) == ("WebPushKeyUnreadable", "")


# Headers.


@pytest.mark.parametrize(("priority", "urgency"), [(10, b"high"), (5, b"normal"), (1, b"low")])
def test_urgency_is_by_priority(priority: int, urgency: bytes) -> None:
    assert headers_of(priority=priority)[b"Urgency"] == urgency


@pytest.mark.parametrize(
    ("expires_in", "ttl"),
    [
        (None, b"0"),
        (60, b"60"),
        (0.2, b"1"),
        (-5, b"1"),
        (28 * 86400, b"%d" % MAX_TTL),
        (400 * 86400, b"%d" % MAX_TTL),
    ],
)
def test_ttl_is_what_is_left_and_0_only_if_nothing_may_be_kept(expires_in: float | None, ttl: bytes) -> None:
    sent = web_push(Browser(ENDPOINT))
    if expires_in is not None:
        sent.expires_at.FromDatetime(dt.datetime.fromtimestamp(NOW + expires_in, dt.UTC))
    assert dict(message_of(sent).headers_for(NOW, b"", b""))[b"TTL"] == ttl


@given(st.text(max_size=64))
def test_a_topic_is_one_that_every_service_takes(collapse_id: str) -> None:
    """RFC 8030 allows 32 characters of base64url; Apple refuses lengths that base64url cannot have."""
    assert re.fullmatch(rb"[A-Za-z0-9_-]{32}", topic_of(collapse_id))


def test_a_push_has_a_topic_only_if_it_may_take_the_place_of_another() -> None:
    assert b"Topic" not in headers_of()
    assert headers_of(collapse_id="a")[b"Topic"] == headers_of(collapse_id="a")[b"Topic"]
    assert headers_of(collapse_id="a")[b"Topic"] != headers_of(collapse_id="b")[b"Topic"]


def test_the_headers_are_those_that_pywebpush_sends() -> None:
    """All but those of its own HTTP library."""
    sent: list[dict[str, str]] = []

    class Session:
        def post(self, url: str, data: bytes, headers: dict[str, str], **options: Any) -> Any:
            sent.append(dict(headers))
            return type("Answer", (), {"status_code": 201, "headers": {}, "text": ""})()

    key = new_key()
    browser = Browser(ENDPOINT)
    webpush(
        browser.info(),
        b"hello",
        vapid_private_key=b64(key.private_numbers().private_value.to_bytes(32, "big")),
        vapid_claims={"sub": SUBJECT},
        ttl=60,
        headers={"urgency": "high"},
        requests_session=Session(),
    )
    ours = {name.decode().lower(): value.decode() for name, value in headers_of().items()}
    theirs = {name.lower(): value for name, value in sent[0].items()}
    assert ours["content-encoding"] == theirs["content-encoding"] == "aes128gcm"
    assert set(theirs) <= {*ours}, theirs
    vapid = Vapid(lambda: key, SUBJECT, lambda: NOW).header_for("https://fcm.googleapis.com").decode()
    [(their_claims, their_key)] = re.findall(r"t=\S+\.(\S+)\.\S+,k=(\S+)", theirs["authorization"])
    [(our_claims, our_key)] = re.findall(r"t=\S+\.(\S+)\.\S+,k=(\S+)", vapid)
    assert their_key == our_key
    assert {**json.loads(unb64(their_claims)), "exp": 0} == {**json.loads(unb64(our_claims)), "exp": 0}


def test_path_and_query_of_the_endpoint_are_asked_for_at_its_host() -> None:
    assert message_of(web_push(Browser(ENDPOINT))).path == "/fcm/send/abc?x=1"
    assert headers_of()[b"Host"] == urlsplit(ENDPOINT).netloc.encode()


# Targets that cannot be sent to.


@pytest.mark.parametrize(
    ("token", "fault"),
    [
        ("", "MalformedSubscription"),
        ("00" * 32, "MalformedSubscription"),
        (f"{ENDPOINT} AAAA AAAA", "MalformedSubscription"),
        (Browser(ENDPOINT).subscription.token + " more", "MalformedSubscription"),
        (Browser("https://fcm.googleapis.com.evil.example/x").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://evilfcm.googleapis.com/x").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://fcm.googleapis.com@evil.example/x").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://evil.example/fcm.googleapis.com").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://evil.example\\@fcm.googleapis.com/").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://169.254.169.254/latest/?x.google.com/").subscription.token, "PushServiceNotAllowed"),
        (Browser("https://fcm.googleapis.com:8443/x").subscription.token, "PushServiceNotAllowed"),
        (Browser("http://fcm.googleapis.com/x").subscription.token, "PushServiceNotAllowed"),
        (Browser("file:///etc/passwd").subscription.token, "PushServiceNotAllowed"),
    ],
)
def test_what_is_no_subscription_with_a_known_service_gets_no_request(token: str, fault: str) -> None:
    browser = Browser(ENDPOINT)
    sent = web_push(browser, browser)
    sent.targets[0].token = token
    bad, good = jobs_of([sent])
    assert bad.message(SERVICES) == fault
    assert isinstance(good.message(SERVICES), Message)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"payload": b""}, "PayloadEmpty"),
        ({"payload": b"x" * (MAX_PAYLOAD_BYTES + 1)}, "WebPushTooLarge"),
        ({"priority": 7}, "BadPriority"),
        ({"expires_at": Timestamp(seconds=-1)}, "BadExpirationDate"),
    ],
)
def test_a_push_that_no_service_takes_gets_no_request(fields: dict[str, Any], fault: str) -> None:
    given = {"payload": b"{}", "priority": 10, **fields}
    [job] = jobs_of([Push(targets=[Browser(ENDPOINT).target()], **given)])
    assert job.message(SERVICES) == fault


def test_phones_and_browsers_of_one_request_keep_their_numbers() -> None:
    pushes = [push(count=2), web_push(Browser(ENDPOINT), Browser(ENDPOINT)), push(count=1)]
    assert [job.index for job in phones_of(pushes, "")] == [0, 1, 4]
    assert [job.index for job in jobs_of(pushes)] == [2, 3]
