"""Plain HTML elements."""

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


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
