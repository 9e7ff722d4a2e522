"""Takes credentials out of texts that are kept."""

import re

NAMES = "ask|dev|ses|inv|pwr|whsec"
SECRET = re.compile(rf"(?:\b({NAMES})_[A-Za-z0-9_+/=-]{{6,}}|({NAMES})_[A-Za-z0-9_+/=-]{{40,}})")
"""Ours by their prefixes. A long one is found within a word, too: an escape or a percent code may stand before it."""
BEARER = re.compile(r"(?i)\b(bearer|authorization\W{1,5}basic)\s+[A-Za-z0-9._~+/=-]{6,}")

URL_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s@]+@")


def redacted(text: str) -> str:
    """The text without anything that looks like a credential."""
    text = URL_PASSWORD.sub(r"\1:[redacted]@", text)
    return BEARER.sub(r"\1 [redacted]", SECRET.sub(lambda found: f"{found[1] or found[2]}_[redacted]", text))
