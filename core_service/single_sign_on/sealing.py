"""Encrypts the provider's tokens for the database.

The key is made of the client's secret, without which the tokens are good for nothing. One who has the database alone
can neither read them nor use them, and the operator has no further secret to keep. With another client secret they
cannot be read any more, and the people concerned sign in again.
"""

import secrets
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
PURPOSE = b"smith: tokens of single sign-on"


class Seal:
    """AES-256-GCM with a key from the client's secret. What is sealed for one identity opens for no other."""

    def __init__(self, client_secret: str) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(client_secret.encode()))

    def close(self, text: str, identity_id: uuid.UUID) -> bytes:
        """The text, encrypted."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), identity_id.bytes)

    def open(self, sealed: bytes, identity_id: uuid.UUID) -> str | None:
        """The text; None if it was sealed with another secret or for another identity."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], identity_id.bytes).decode()
        except InvalidTag:
            return None
