"""Random secrets with a prefix that says what they open, the hashes that are stored instead, and links with secrets."""

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


class SecretLinks:
    """Makes links to one page of the admin app."""

    def __init__(self, admin_url: str, page: str, prefix: str) -> None:
        """`admin_url` is the address of the admin app; `prefix` is that of the secrets."""
        self._page = f"{admin_url.rstrip('/')}/{page}"
        self._prefix = prefix

    def new(self) -> tuple[str, Secret]:
        """Returns a link, and the secret in it. Its hash is to be stored."""
        secret = mint(self._prefix)
        return f"{self._page}/{secret.text}", secret
