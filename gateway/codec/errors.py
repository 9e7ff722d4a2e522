"""What is wrong with a value, and where, in the words of whoever wrote it."""

import json
import re

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FieldError(Exception):
    """A value that breaks a rule of its field.

    `rule` completes a sentence that begins with the path: `must be a string`. Raised where the value is, given its
    path on the way out by `within`. `title` is what the answer's `error` says, if the field has words of its own.
    """

    def __init__(self, rule: str, *, title: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = ""
        self.title = title

    def within(self, place: str | int) -> "FieldError":
        """This error, seen from the object (by key) or array (by index) that holds the value."""
        if isinstance(place, int):
            step = f"[{place}]"
        else:
            # A key is the caller's: whatever is in it, the message stays short and valid text.
            step = place if PLAIN_NAME.fullmatch(place) else json.dumps(place[:64])
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{step}{joint}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{self.path} {self.rule}".strip()


def must_be(expected: str, value: object) -> FieldError:
    """The error of a `value` that is not `expected`; null is told from other wrong values."""
    return FieldError(f"must be {expected}, not null" if value is None else f"must be {expected}")
