"""Plain HTML elements."""

from collections.abc import Callable
from string import Formatter
from typing import TypeVar

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

Some = TypeVar("Some", bound=ui.element)


def div(classes: str = "") -> ui.element:
    """A `div` with these classes of the theme."""
    return ui.element("div").classes(classes)


class Text(TextElement):
    """An element whose content is text, never markup. Set `text` to change it."""

    def __init__(self, content: str, tag: str = "span") -> None:
        super().__init__(tag=tag, text=content)


def text(content: str, classes: str = "", tag: str = "span") -> Text:
    """Text in an element."""
    return Text(content, tag).classes(classes)


def p(content: str, classes: str = "") -> Text:
    """A paragraph."""
    return text(content, classes, "p")


def code(content: str, classes: str = "") -> Text:
    """A short piece of code within a sentence."""
    return text(content, f"code {classes}", "code")


def a(content: str, href: str, classes: str = "link") -> Text:
    """A link within the app; elements drawn inside belong to it. Check the scheme first if the URL is a user's."""
    element = text(content, classes, "a")
    element.props["href"] = href
    return element


def phrase(words: str, **parts: str | Callable[[], object]) -> None:
    """Draws a sentence in which more stands than text. Each `{name}` in it is the part of that name, or is drawn by it,
    so that a translator can move it."""
    written = ""
    for before, name, *_ in Formatter().parse(words):
        part = parts[name] if name else ""
        written += before
        if isinstance(part, str):
            written += part
            continue
        if written:
            text(written)
        written = ""
        part()
    if written:
        text(written)


def labelled(element: Some, words: str) -> Some:
    """The element, which these words name for people who use a screen reader."""
    element.props["aria-label"] = words
    return element
