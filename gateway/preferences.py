"""The request header `Prefer` (RFC 7240), by which a client chooses how its request is handled."""

import re
from collections.abc import Iterable

NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
WORD = rf'(?:{NAME}|"(?:[^"\\]|\\.)*+")'
SPACE = r"[ \t]*+"
PAIR = rf"{NAME}(?:{SPACE}={SPACE}{WORD}?+)?+"
PREFERENCE = re.compile(
    rf"(?P<name>{NAME})(?:{SPACE}={SPACE}(?P<value>{WORD})?+)?+(?:{SPACE};{SPACE}(?:{PAIR})?+)*+{SPACE}(?=,|\Z)"
)
"""One preference of a list, with its parameters. All quantifiers are possessive, so that no text is slow to match."""
BETWEEN = re.compile(r"[ \t,]*+")
TO_THE_NEXT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?+\Z))*+')
"""Malformed text up to the next preference. A quotation without an end reaches to the end of the text; otherwise the
time would grow with the square of the number of quotation marks."""

STRICT_HANDLING = "handling=strict"
"""How `Preference-Applied` says that unknown fields were refused."""


def wants_strict_handling(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """True if these headers (names in lower case) ask for `handling=strict`.

    If a preference is given more than once, the first counts. Malformed and unknown preferences are ignored.
    """
    for name, value in headers:
        if name == b"prefer":
            for preference, wanted in _preferences(value.decode("latin-1")):
                if preference == "handling":
                    return wanted == "strict"
    return False


def _preferences(text: str) -> Iterable[tuple[str, str]]:
    """Names and values in lower case; an empty value for none."""
    at = 0
    while (at := _end(BETWEEN, text, at)) < len(text):
        if found := PREFERENCE.match(text, at):
            yield found["name"].lower(), _plain(found["value"] or "").lower()
            at = found.end()
        else:
            at = _end(TO_THE_NEXT, text, at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
