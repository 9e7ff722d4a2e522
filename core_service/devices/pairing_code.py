"""Pairing codes as people read, say and type them: Crockford's base32 (crockford.com/base32.html)."""

import hashlib
import secrets
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
"""40 random bits: with the limits on guessing, a thousand codes alive at once are found with a probability of about
one in a million a day."""

LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


@dataclass(frozen=True, slots=True)
class NewCode:
    """A new code. `text` is shown once and stored nowhere."""

    text: str
    hash: bytes


def mint() -> NewCode:
    """Makes a code, in two groups of characters."""
    symbols = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    text = f"{symbols[: LENGTH // 2]}-{symbols[LENGTH // 2 :]}"
    return NewCode(text, hash_code(text))


def hash_code(text: str) -> bytes:
    """Returns the hash that is stored and looked up. It is the same for every way to write the code."""
    symbols = "".join(text.split()).replace("-", "").upper().translate(LOOKALIKES)
    return hashlib.sha256(symbols.encode()).digest()
