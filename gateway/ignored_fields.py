"""Unknown fields of requests that send: ignored, and told in a header."""

from urllib.parse import quote

from gateway.audience import looks_like_audience
from service_kit.json_mapping import FieldError

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
