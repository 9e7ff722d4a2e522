"""Signatures for receivers to verify, by Standard Webhooks (https://www.standardwebhooks.com), version 1."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def sign(keys: Iterable[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """A signature by each key, separated by spaces, over id, time (UNIX seconds) and body, so that none can be
    changed."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(key, signed) for key in keys)


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
