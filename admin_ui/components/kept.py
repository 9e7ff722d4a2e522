"""Parts of a page that stay in place for as long as they say the same.

A page reads again when something has happened, while a person uses it. What is drawn again loses the click that is on
its way, the keyboard's place and text that is marked; and screen readers read it out again. So a part is drawn again
only if it says something else:

    self._state = Kept("cluster")
    self._state.show(partial(badge, word, tone) if word else None)

    self._facts = KeptFacts()
    self._facts.show({_("Device"): partial(a, name, path), _("Tapped"): partial(ago, moment)})
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

from nicegui import ui

from admin_ui.components.html import text

Drawing = partial[Any]
"""Draws a part. Two are the same if they call the same with the same, so give it just what the part shows and does."""
Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row", bound=ui.element)


class Kept(ui.element):
    """A part. While it shows nothing it takes no room."""

    def __init__(self, classes: str = "", tag: str = "div") -> None:
        super().__init__(tag)
        self.classes(classes)
        self._drawn: Drawing | None = None
        self.set_visibility(False)

    def show(self, drawing: Drawing | None) -> None:
        """Draws it, unless that is what it shows; None for nothing. Raises what the drawing raises."""
        if _is_same(drawing, self._drawn):
            return
        self.clear()
        self.set_visibility(drawing is not None)
        self._drawn = None
        if drawing is not None:
            with self:
                drawing()
        self._drawn = drawing


class KeptRows(ui.element, Generic[Key, Row]):
    """Rows that come and go; those that are there stay."""

    def __init__(self, make: Callable[[Key], Row], classes: str = "", tag: str = "div") -> None:
        """`make` makes the row of a key."""
        super().__init__(tag)
        self.classes(classes)
        self._make = make
        self._rows: dict[Key, Row] = {}

    def arrange(self, keys: Iterable[Key]) -> list[Row]:
        """The rows of these keys, each named once, in this order. The others go."""
        before, self._rows = self._rows, {}
        for key in keys:
            row = before.pop(key, None)
            if row is None:
                with self:
                    row = self._make(key)
            self._rows[key] = row
        for gone in before.values():
            gone.delete()
        rows = list(self._rows.values())
        if self.default_slot.children != rows:
            # One message for all: `move` would send one for each, and looks through all of them.
            self.default_slot.children[:] = rows
            self.update()
        return rows


class KeptList(KeptRows[Key, Kept]):
    """Rows that are parts themselves."""

    def __init__(self, classes: str = "", row_classes: str = "", tag: str = "div") -> None:
        super().__init__(lambda _key: Kept(row_classes), classes, tag)

    def show(self, drawings: Mapping[Key, Drawing]) -> None:
        """Draws what differs: rows by what they are about, in this order. Raises what a drawing raises."""
        for row, drawing in zip(self.arrange(drawings), drawings.values(), strict=True):
            row.show(drawing)


class KeptFacts(KeptList[str]):
    """Names and their values, as `layout.facts` draws them."""

    def __init__(self) -> None:
        super().__init__("facts", "fact", tag="dl")

    def show(self, drawings: Mapping[str, Drawing]) -> None:
        """Draws the values that differ, by their names. Raises what a drawing raises."""
        super().show({name: partial(_draw_fact, name, value) for name, value in drawings.items()})


def _draw_fact(name: str, value: Drawing) -> None:
    text(name, "", "dt")
    with ui.element("dd"):
        value()


def _is_same(one: object, other: object) -> bool:
    """Whether both are equal. Drawings are if they call the same with the same."""
    if not isinstance(one, partial) or not isinstance(other, partial):
        return one == other
    return (
        one.func == other.func
        and len(one.args) == len(other.args)
        and all(map(_is_same, one.args, other.args))
        and one.keywords.keys() == other.keywords.keys()
        and all(_is_same(value, other.keywords[name]) for name, value in one.keywords.items())
    )
