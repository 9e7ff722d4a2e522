"""Ids of a thing, each with a button that copies it."""

from collections.abc import Iterable

from nicegui import ui

from admin_ui.components.copying import copy_button
from admin_ui.components.html import text
from admin_ui.texts import _


def ids(named: Iterable[tuple[str, str]]) -> None:
    """Names and ids, one a line. Empty ones are left out."""
    with ui.element("dl").classes("ids"):
        for name, value in named:
            if value:
                text(name, "", "dt")
                with ui.element("dd"):
                    text(value, "id-text").props["title"] = value
                    copy_button(value, _("Copy {what}").format(what=name))
