"""Encrypts stored answers so that only the caller can read them. An answer may hold a secret that is stored nowhere
else."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12


def seal(answer: bytes, secret: str, key_hash: bytes) -> bytes:
    """Encrypts the answer. The caller's secret and the key's hash are needed to read it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(secret, key_hash).encrypt(nonce, answer, None)


def unseal(sealed: bytes, secret: str, key_hash: bytes) -> bytes:
    """Decrypts what `seal` returned.

    Raises cryptography.exceptions.InvalidTag for anything else.
    """
    return _cipher(secret, key_hash).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)


def _cipher(secret: str, key_hash: bytes) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=key_hash, info=b"activitysmith idempotent answer")
    return AESGCM(derived.derive(secret.encode()))
