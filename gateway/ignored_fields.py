"""Unknown fields of requests that send: ignored and named in a header, unless they look as if they decide who is
reached."""

import re
import string
from urllib.parse import quote

from service_kit.json_mapping import FieldError

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


MAX_PATHS = 20
MAX_HEADER_BYTES = 1024
ROOM_FOR_COUNT = 16
"""Bytes of the header that are kept for `, +N`."""
MAX_KEY = 64
"""Characters of a key that a path shows."""

Step = str | int


class IgnoredFields:
    """The fields of one request that were ignored. Remembers as many paths as it tells, and counts the others."""

    def __init__(self) -> None:
        self.count = 0
        self._paths: list[str] = []

    def add(self, steps: tuple[Step, ...], key: str) -> None:
        """One more, by the keys and indexes that lead to its object, and its key."""
        self.count += 1
        if len(self._paths) < MAX_PATHS:
            self._paths.append("".join(map(_written, (*steps, key))).removeprefix("."))

    def header(self) -> str:
        """The paths, percent-encoded and separated by commas: at most 20 and 1 kB, then `+N` for N others."""
        shown: list[str] = []
        room = MAX_HEADER_BYTES - ROOM_FOR_COUNT
        for path in self._paths:
            room -= len(path) + len(", ")
            if room < 0:
                break
            shown.append(path)
        others = self.count - len(shown)
        return ", ".join([*shown, f"+{others}"] if others else shown)


class Ignoring:
    """Ignores unknown fields, save those that look as if they decide who is reached."""

    __slots__ = ("_fields", "_steps")

    def __init__(self, fields: IgnoredFields, steps: tuple[Step, ...] = ()) -> None:
        self._fields = fields
        self._steps = steps

    def meet(self, key: str) -> None:
        """See UnknownFields."""
        if looks_like_audience(key):
            raise FieldError("is not a known field")
        self._fields.add(self._steps, key)

    def inside(self, step: Step) -> "Ignoring":
        """See UnknownFields."""
        return Ignoring(self._fields, (*self._steps, step))


def _written(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    # Half a surrogate pair is no character: it is shown as "?". A period within a key is no step. An empty key is shown
    # as two quotation marks.
    return "." + quote(step[:MAX_KEY] or '""', safe="", errors="replace").replace(".", "%2E")
