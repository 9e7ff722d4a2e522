"""Ids of a thing, each with a button that copies it."""

from collections.abc import Iterable
from functools import partial

from nicegui import ui

from admin_ui.components.copying import copy_button
from admin_ui.components.html import text
from admin_ui.components.kept import KeptList
from admin_ui.texts import _


class Ids(KeptList[tuple[str, str]]):
    """Names and ids, one a line."""

    def __init__(self) -> None:
        super().__init__("ids", "ids-one", tag="dl")

    def name(self, named: Iterable[tuple[str, str]]) -> None:
        """Shows these names and ids. Empty ids are left out."""
        self.show({(name, value): partial(_draw, name, value) for name, value in named if value})


def ids(named: Iterable[tuple[str, str]]) -> None:
    """Names and ids that do not change, one a line. Empty ids are left out."""
    Ids().name(named)


def _draw(name: str, value: str) -> None:
    text(name, "", "dt")
    with ui.element("dd"):
        text(value, "id-text").props["title"] = value
        copy_button(value, _("Copy {what}").format(what=name))
