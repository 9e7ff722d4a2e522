"""What this server takes for a browser's subscription, and whose push services it calls."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service_kit.web_push import BadSubscription, PushService, PushServices, Subscription, parse_allowed

SECRET = base64.urlsafe_b64encode(bytes(range(16))).decode()


POINT = base64.urlsafe_b64encode(
    ec.derive_private_key(1, ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
).decode()


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [
        ("https://web.push.apple.com/QGf", PushService.APPLE),
        ("https://api.push.apple.com:443/3/x", PushService.APPLE),
        ("https://fcm.googleapis.com/fcm/send/dX:APA", PushService.GOOGLE),
        ("https://jmt17.google.com/fcm/send/dX", PushService.GOOGLE),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAA", PushService.MOZILLA),
        ("https://wns2-am3p.notify.windows.com/w/?token=BQ", PushService.MICROSOFT),
        ("https://push.example.com/up/1?x=2", PushService.OTHER),
        ("http://127.0.0.1:18030/1", PushService.APPLE),
        ("http://[::1]:18030/1", PushService.MOZILLA),
    ],
)
def test_an_endpoint_belongs_to_the_service_of_its_host(endpoint: str, service: PushService) -> None:
    services = PushServices(
        parse_allowed("https://push.example.com, apple=http://127.0.0.1:18030 ,mozilla=http://[::1]:18030")
    )
    assert services.service_of(endpoint) is service


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "push",
        "https://",
        "https://evil.example/x.push.apple.com/",
        "https://evilpush.apple.com.example/",
        "https://notpush.apple.com/",
        "https://apple.com/",
        "https://xfcm.googleapis.com/",
        "https://googleapis.com/",
        "https://169.254.169.254/latest/?fcm.googleapis.com",
        "https://fcm.googleapis.com@169.254.169.254/",
        "https://fcm.googleapis.com#@evil.example/",
        "https://fcm.googleapis.com:8443/",
        "http://fcm.googleapis.com/",
        "https://fcm.googleapis.com./",
        "https://fcm.googleapis.com /",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\n",
        "https://fcm.googleapis.com:x/",
        "https://[::1/",
        "https://[fcm.googleapis.com]/",
        "https://fcm.googleapis.cöm/",
        "file:///etc/passwd",
        "https://push.example.com:444/",
        "http://push.example.com/",
        "https://fcm.googleapis.com/" + "x" * 2048,
    ],
)
def test_no_other_endpoint_is_called(endpoint: str) -> None:
    with pytest.raises(BadSubscription, match=r"must be|is not") as refused:
        PushServices(parse_allowed("https://push.example.com")).service_of(endpoint)
    assert refused.value.field == "endpoint"


@pytest.mark.parametrize(
    "text", ["push.example.com", "ftp://x", "https://x/path", "pear=https://x", "=https://x", "x=y"]
)
def test_a_setting_that_names_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an origin|is none of"):
        parse_allowed(text)


def test_a_subscription_survives_as_one_text() -> None:
    one = Subscription.of("https://fcm.googleapis.com/fcm/send/1", POINT, SECRET)
    assert Subscription.from_token(one.token) == one
    unpadded = Subscription.of(one.endpoint, POINT.rstrip("="), SECRET.rstrip("="))
    assert len(unpadded.auth) == 16


@pytest.mark.parametrize(
    ("p256dh", "auth", "field"),
    [
        ("", SECRET, "keys.p256dh"),
        ("!!!!", SECRET, "keys.p256dh"),
        (base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode(), SECRET, "keys.p256dh"),
        (SECRET, SECRET, "keys.p256dh"),
        (POINT, "", "keys.auth"),
        (POINT, "ä", "keys.auth"),
        (POINT, base64.urlsafe_b64encode(bytes(17)).decode(), "keys.auth"),
    ],
)
def test_keys_that_are_none_are_refused_by_their_name(p256dh: str, auth: str, field: str) -> None:
    with pytest.raises(BadSubscription) as refused:
        Subscription.of("https://fcm.googleapis.com/1", p256dh, auth)
    assert refused.value.field == field
