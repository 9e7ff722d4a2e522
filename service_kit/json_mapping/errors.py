"""What is wrong with a value, and where, in the words of the request's writer."""

from service_kit.field_paths import prefixed


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
        self.path = prefixed(place, self.path)
        return self

    def __str__(self) -> str:
        return f"{self.path} {self.rule}".strip()


def must_be(expected: str, value: object) -> FieldError:
    """The error of a `value` that is not `expected`; null is told from other wrong values."""
    return FieldError(f"must be {expected}, not null" if value is None else f"must be {expected}")
