"""Removes credentials from texts that are stored or logged."""

import re

NAMES = "ask|dev|ses|inv|pwr|whsec"
SECRET = re.compile(rf"(?:\b({NAMES})_[A-Za-z0-9_+/=-]{{6,}}|({NAMES})_[A-Za-z0-9_+/=-]{{40,}})")
"""This server's secrets, by their prefixes. Long ones are found within a word, too: an escape may precede them."""
BEARER = re.compile(r"(?i)\b(bearer|authorization\W{1,5}basic)\s+[A-Za-z0-9._~+/=-]{6,}")

BEFORE_AT = re.compile(r"[^\s@]++(@?)")
"""Text that may hold a user's name and password, with the `@` after it. It reads each character once. An expression
that looks for the beginning of a password first would take quadratic time."""
PASSWORD_BEGINS = re.compile(r"://[^/:]*:(?=.)")


def _without_password(found: re.Match[str]) -> str:
    begin = PASSWORD_BEGINS.search(found[0], 0, found.end(0) - found.start(0) - 1) if found[1] else None
    return f"{found[0][: begin.end()]}[redacted]@" if begin else found[0]


def redacted(text: str) -> str:
    """The text without anything that looks like a credential."""
    text = BEFORE_AT.sub(_without_password, text)
    return BEARER.sub(r"\1 [redacted]", SECRET.sub(lambda found: f"{found[1] or found[2]}_[redacted]", text))
