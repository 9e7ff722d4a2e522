"""Random secrets with a prefix that says what they open, and the hashes that are stored instead of them."""

import hashlib
import secrets
from dataclasses import dataclass

API_KEY = "ask_"
DEVICE = "dev_"
SESSION = "ses_"
INVITE = "inv_"
PASSWORD_RESET = "pwr_"  # noqa: S105 - no password

MAX_LENGTH = 200
"""Longer credentials are refused without a look-up."""


@dataclass(frozen=True)
class Secret:
    """A new secret. `text` is shown to its owner once and stored nowhere."""

    text: str
    hash: bytes
    hint: str


def mint(prefix: str) -> Secret:
    """A new secret with 256 random bits."""
    text = prefix + secrets.token_urlsafe(32)
    return Secret(text=text, hash=hash_secret(text), hint=text[: len(prefix) + 4])


def hash_secret(text: str) -> bytes:
    """Returns the hash that is stored and looked up. A fast hash is enough, because secrets are random. A look-up by
    hash takes the same time whichever part of a guess is right."""
    return hashlib.sha256(text.encode()).digest()
