"""The part of a form that composes buttons."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from admin_ui.components.buttons import icon_button, quiet
from admin_ui.components.drafts import draft_step, draft_undo
from admin_ui.components.html import div, text
from admin_ui.playground.fields import Fields
from admin_ui.texts import _

TYPES = {"open_url": _("Opens a URL"), "webhook": _("Calls a webhook")}
METHODS = {"POST": "POST", "GET": "GET"}


class ActionRows:
    """Some buttons, one below the other."""

    def __init__(
        self,
        fields: Fields,
        path: Callable[[int], str],
        most: int,
        on_change: Callable[[], None],
        adds: str = _("Add a button"),
    ) -> None:
        """`path` returns the API's field path of the button at an index. `adds` is what the button says that
        adds one."""
        self._adds = adds
        self._fields = fields
        self._path = path
        self._most = most
        self._on_change = on_change
        self._drawn: list[_Row] = []
        self._rows = div("stack")
        self._add = draft_step(quiet(self._adds, self._append, icon="add"), self._adds)

    def read(self) -> list[dict[str, Any]]:
        """The buttons as the API takes them."""
        return [row.read() for row in self._drawn]

    def fill(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Draws these buttons, as the API takes them, in place of those that there are."""
        self._draw([{**one, "body": _written(one.get("body"))} for one in actions])

    def _append(self) -> None:
        self._draw([*(row.raw() for row in self._drawn), {}])

    def _remove(self, place: int) -> None:
        self._draw([row.raw() for number, row in enumerate(self._drawn) if number != place])

    def _draw(self, contents: list[dict[str, str]]) -> None:
        # Errors name buttons by index, so the rows after a removed one get new paths.
        for place in range(len(self._drawn)):
            self._fields.drop(f"{self._path(place)}.")
        self._rows.clear()
        with self._rows:
            self._drawn = [self._row(place, content) for place, content in enumerate(contents)]
        self._add.set_visibility(len(contents) < self._most)
        self._on_change()

    def _row(self, place: int, content: dict[str, str]) -> "_Row":
        with div("composer-row"):
            with div("spread"):
                text(
                    _("Button {number}").format(number=place + 1) if self._most > 1 else _("Button"),
                    "composer-row-title",
                    "h3",
                )
                draft_undo(icon_button("close", _("Remove this button"), lambda: self._remove(place)), self._adds)
            return _Row(self._fields, self._path(place), content)


def _written(body: Any) -> str:
    return "" if body is None else json.dumps(body, ensure_ascii=False)


class _Row:
    def __init__(self, fields: Fields, path: str, content: dict[str, str]) -> None:
        self._fields = fields
        self._path = path
        get = content.get
        with div("composer-pair"):
            fields.line(f"{path}.title", _("Title"), get("title", _("Open")))
            fields.choice(f"{path}.type", _("Type"), TYPES, get("type", "open_url"))
        fields.line(f"{path}.url", "URL", get("url", "https://"))
        with div("composer-pair") as self._call:
            fields.choice(f"{path}.method", _("Method"), METHODS, get("method", "POST"))
            fields.area(f"{path}.body", _("JSON body"), get("body", ""))
        self._show_call()

    def read(self) -> dict[str, Any]:
        """The button as the API takes it."""
        fields, path = self._fields, self._path
        self._show_call()
        kind = fields.text(f"{path}.type") or "open_url"
        action: dict[str, Any] = {
            "title": fields.text(f"{path}.title"), "type": kind, "url": fields.text(f"{path}.url"),
        }  # fmt: skip
        if kind == "webhook":
            action["method"] = fields.text(f"{path}.method") or "POST"
            document = fields.document(f"{path}.body")
            if document is not None:
                action["body"] = document
        return action

    def raw(self) -> dict[str, str]:
        """The texts of the fields, to fill another row with."""
        return {name: self._fields.text(f"{self._path}.{name}") for name in ("title", "type", "url", "method", "body")}

    def _show_call(self) -> None:
        self._call.set_visibility(self._fields.text(f"{self._path}.type") == "webhook")
