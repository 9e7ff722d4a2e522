"""Sends Web Push messages to simulated browsers, as an application server does: RFC 8291, RFC 8188 and RFC 8292."""

import base64
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.waiting import LONG

SUBJECT = "mailto:ops@example.com"
LARGEST_TEXT = 3993
"""Bytes of text that fill 4096 bytes once they are encrypted."""


def unb64(text: str) -> bytes:
    """Base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data: bytes) -> str:
    """The same, written."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """An uncompressed point."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encrypt(text: bytes, p256dh: bytes, secret: bytes) -> bytes:
    """The body for the browser that has this key and this secret."""
    private, salt = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
    ours = point(private.public_key())
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh))

    def derive(using: bytes, what: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, using, info).derive(what)

    both = derive(secret, shared, b"WebPush: info\x00" + p256dh + ours, 32)
    key = derive(salt, both, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = derive(salt, both, b"Content-Encoding: nonce\x00", 12)
    header = salt + (4096).to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(key).encrypt(nonce, text + b"\x02", None)


class AppServer:
    """An application server with a key of its own."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._private = private or ec.generate_private_key(ec.SECP256R1())
        # It speaks http only: loading the system's authorities would take longer than a test.
        self._http = httpx.Client(timeout=LONG, trust_env=False, verify=False)  # noqa: S501
        self.public_key = b64(point(self._private.public_key()))

    def vapid(self, endpoint: str, **claims: Any) -> str:
        """The Authorization header; None takes a claim away."""
        parts = urlsplit(endpoint)
        usual = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + 3600, "sub": SUBJECT}
        chosen = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return f"vapid t={jwt.encode(chosen, self._private, 'ES256')}, k={self.public_key}"

    def push(
        self,
        subscription: dict[str, Any],
        message: object,
        *,
        claims: dict[str, Any] | None = None,
        body: bytes | None = None,
        **headers: str | None,
    ) -> httpx.Response:
        """Sends a message. `message` is encrypted, as JSON unless it is bytes; `body` is sent as it is; a header that
        is None is left out."""
        endpoint, keys = subscription["endpoint"], subscription["keys"]
        if body is None:
            text = message if isinstance(message, bytes) else json.dumps(message).encode()
            body = encrypt(text, unb64(keys["p256dh"]), unb64(keys["auth"]))
        usual: dict[str, str | None] = {
            "authorization": self.vapid(endpoint, **(claims or {})), "ttl": "60", "urgency": "high",
            "content-encoding": "aes128gcm", "content-type": "application/octet-stream",
        }  # fmt: skip
        chosen = {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}
        named = {name: value for name, value in chosen.items() if value is not None}
        return self._http.post(endpoint, content=body, headers=named)


def notification(title: str = "T", **options: Any) -> dict[str, Any]:
    """A message that shows a notification, as the server writes it."""
    smith = {"kind": "notification", "id": options.get("tag", "n-1"), "version": 1, **options.pop("smith", {})}
    page = {"navigate": f"https://smith.example.com/phone/#n={smith['id']}", "tag": smith["id"]}
    return {"web_push": 8030, "notification": {"title": title, **page, "data": {"smith": smith}, **options}}


def activity(title: str = "Backup", *, event: str = "update", version: int = 2, **options: Any) -> dict[str, Any]:
    """A message of a Live Activity, as the server writes it."""
    state = {"title": title, "type": "progress", "percentage": 55, **options.pop("state", {})}
    smith = {
        "kind": "activity", "id": "act-1", "event": event, "version": version, "timestamp": 1_800_000_000 + version,
        "alerting": event != "update", "state": state, **options.pop("smith", {}),
    }  # fmt: skip
    page = {"navigate": f"https://smith.example.com/phone/#a={smith['id']}", "tag": smith["id"]}
    shown = {"title": title, **page, "data": {"smith": smith}, **options}
    if event == "update":
        shown.setdefault("silent", True)
    return {"web_push": 8030, "notification": shown}
