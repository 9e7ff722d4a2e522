"""Finds what a path leads to, by hash: as quick for the last of many templates as for the first."""

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

FIELD = "{}"


class Paths(Generic[T]):
    """Values by path template. A field in braces stands for one part of a path, which is not empty.

    Of several templates that fit, the one with a literal part in the first place where they differ counts.
    """

    def __init__(self, values: Mapping[str, T]) -> None:
        """Raises ValueError if the fields of two templates are all that they differ in."""
        self._literal: dict[str, T] = {}
        shapes: dict[int, dict[tuple[int, ...], dict[str, tuple[T, list[str]]]]] = {}
        for template, value in values.items():
            parts = template.split("/")
            places = tuple(place for place, part in enumerate(parts) if part.startswith("{"))
            if not places:
                self._literal[template] = value
                continue
            names = [parts[place].strip("{}") for place in places]
            for place in places:
                parts[place] = FIELD
            known = shapes.setdefault(len(parts), {}).setdefault(places, {})
            if known.setdefault("/".join(parts), (value, names))[0] is not value:
                raise ValueError(f"{template} has the form of another path")
        self._shapes = {
            # A field comes after a literal part, so the shape whose first field comes last is tried first.
            length: sorted(found.items(), key=lambda shape: [place in shape[0] for place in range(length)])
            for length, found in shapes.items()
        }

    def find(self, path: str) -> tuple[T, dict[str, str]] | None:
        """The value of the template that fits, and the path's parts by the names of its fields; None if none fits."""
        value = self._literal.get(path)
        if value is not None:
            return value, {}
        parts = path.split("/")
        for places, known in self._shapes.get(len(parts), ()):
            form = parts.copy()
            for place in places:
                form[place] = FIELD
            found = known.get("/".join(form))
            if found is not None and all(given := [parts[place] for place in places]):
                return found[0], dict(zip(found[1], given, strict=True))
        return None
