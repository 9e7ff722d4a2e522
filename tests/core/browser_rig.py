"""Browsers as tests of the core have them: what they report, and what the server keeps of it."""

import base64
import secrets
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.core.harness import Account, Phone

PAGE = "https://smith.example.com/phone/"


def encoded(data: bytes) -> str:
    """Base64url without padding, as most browsers write it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def subscription(host: str = "updates.push.services.mozilla.com", **fields: Any) -> dict[str, Any]:
    """A new subscription as `PushSubscription.toJSON()` gives it."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = {"p256dh": encoded(point), "auth": encoded(secrets.token_bytes(16))}
    return {"endpoint": f"https://{host}/wpush/v2/{secrets.token_urlsafe(30)}", "keys": keys} | fields


def token_of(reported: dict[str, Any]) -> str:
    """What the server keeps of it."""
    return " ".join((reported["endpoint"], reported["keys"]["p256dh"], reported["keys"]["auth"]))


async def add_browser(account: Account, *, of: str | None = None, **fields: Any) -> Phone:
    """A browser that is paired and subscribed."""
    browser = await account.add_phone(of, "Firefox on the desk")
    await browser.caller.PutWebSubscription(**(subscription() | fields))
    return browser
