"""Names of what decides who is reached, and what looks like them."""

import re
import string

NAMES = ("target", "channels")
"""The fields whose form says `decides_audience`."""

PREFIXES = tuple(name.removesuffix("s") for name in NAMES)
NO_LETTER = re.compile(r"[^a-z]+")
LONGEST = 64
"""Characters of a key that are looked at."""


def looks_like_audience(key: str) -> bool:
    """True for a key that is one of the names in other letters, begins as one does, or is one slip of a finger off.

    A request that misspells them would otherwise reach everybody: `chanels`, `Target`, `target[channels]`.
    """
    letters = NO_LETTER.sub("", key[:LONGEST].lower())
    return letters.startswith(PREFIXES) or letters in _SLIPS


def _slips(word: str) -> set[str]:
    """Every word that one letter too many, too few, wrong or swapped makes of `word`."""
    parts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {head + tail[1:] for head, tail in parts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in parts if tail for letter in string.ascii_lowercase}
    more = {head + letter + tail for head, tail in parts for letter in string.ascii_lowercase}
    return fewer | swapped | wrong | more


_SLIPS = frozenset(slip for name in (*NAMES, *PREFIXES, "targets") for slip in _slips(name))
