"""Headings, cards, lists of facts and badges."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from admin_ui.components.html import Text, a, div, p, text


@contextmanager
def page_header(title: str, description: str = "") -> Iterator[Text]:
    """The page's heading, which is the block's to change; the block draws its buttons at the right."""
    with div("page-header"):
        with div("page-heading"):
            heading = text(title, "page-title", "h1")
            if description:
                p(description, "muted")
        with div("page-actions"):
            yield heading


def back_link(name: str, path: str) -> None:
    """The way back from the page of one thing to the list that it is in."""
    with a("", path, "back-link"):
        ui.icon("arrow_back").props("aria-hidden=true")
        text(name)


@contextmanager
def card(title: str = "", description: str = "", *, anchor: str = "") -> Iterator[ui.element]:
    """A panel, with a heading if `title` is given. `anchor` is what leads to it in the page's address."""
    with ui.element("section").classes("card") as panel:
        if anchor:
            panel.props["id"] = anchor
        if title:
            with div("card-header"):
                text(title, "card-title", "h2")
                if description:
                    p(description, "muted")
        yield panel


@contextmanager
def facts() -> Iterator[None]:
    """A list of names and values; fill it with `fact`."""
    with ui.element("dl").classes("facts"):
        yield


@contextmanager
def fact(name: str, value: str | None = None) -> Iterator[None]:
    """A name with its value, or with what the block draws."""
    with div("fact"):
        text(name, "", "dt")
        with ui.element("dd"):
            if value is not None:
                text(value)
            yield


def badge(content: str, tone: str = "neutral") -> ui.element:
    """A short word on a colored ground: `neutral`, `info`, `good`, `warn` or `bad`."""
    return text(content, f"badge badge-{tone}")
