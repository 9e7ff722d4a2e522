"""What becomes of fields that a message does not have."""

from typing import Protocol

from service_kit.json_mapping.errors import FieldError


class UnknownFields(Protocol):
    """What a decoder does with a key that it does not know."""

    def meet(self, key: str) -> None:
        """Takes note of `key`. Raises FieldError, without a path yet, if it is refused."""

    def inside(self, step: str | int) -> "UnknownFields":
        """The same for the object under this key, or at this index."""


class _Refusing:
    def meet(self, key: str) -> None:
        raise FieldError("is not a known field")

    def inside(self, step: str | int) -> "_Refusing":
        return self


REFUSED: UnknownFields = _Refusing()
"""Refuses every unknown field."""
