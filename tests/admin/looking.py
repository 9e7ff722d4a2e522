"""What people do on pages, by what they see or hear read out."""

from typing import Any

from nicegui import ElementFilter, ui
from nicegui.elements.mixins.value_element import ValueElement
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction

from tests.waiting import eventually_async

PATIENCE = 600
"""Looks at a page, a tenth of a second apart, until what is waited for is there."""


def named(user: User, kind: type[ui.element], name: str) -> list[Any]:
    """The visible elements of this kind that are called so, by their label or their text."""
    with user:
        found = [one for one in ElementFilter(kind=kind) if _is_shown(one)]
    return [one for one in found if name == (one.props.get("aria-label") or one.props.get("label") or _text(one))]


def marked(user: User, marker: str) -> list[Any]:
    """The elements with this mark."""
    with user:
        return list(ElementFilter(marker=marker))


async def press(user: User, name: str) -> None:
    """Presses the one button of that name, once it is there."""
    UserInteraction(user, {await _the_one(user, ui.button, name)}, None).click()


async def fill(user: User, name: str, value: Any) -> None:
    """Gives the one field of that name this value, once it is there."""
    field = await _the_one(user, ValueElement, name)
    with user:
        field.value = value


async def say(user: User, name: str, value: Any) -> None:
    """Sends what a socket, which need not be a browser's, says that the one field of that name holds."""
    field = await _the_one(user, ValueElement, name)
    event = f"update:{field.VALUE_PROP}"
    [listener] = [one for one in field._event_listeners.values() if one.type == event]
    with user:
        field._handle_event({"listener_id": listener.id, "args": value})


async def sees(user: User, *texts: str) -> None:
    """Returns once all of the texts are on the page."""
    for text in texts:
        await user.should_see(text)


async def sees_no(user: User, *texts: str) -> None:
    """Returns once none of the texts is on the page."""
    for text in texts:
        await user.should_not_see(text)


async def _the_one(user: User, kind: type[ui.element], name: str) -> Any:
    async def there() -> list[Any]:
        return named(user, kind, name)

    [found] = await eventually_async(f"{name!r} on the page", there)
    return found


def _text(element: ui.element) -> str:
    return str(getattr(element, "text", ""))


def _is_shown(element: ui.element) -> bool:
    """Not in a dialog that is closed."""
    return all(one.value for one in element.ancestors() if isinstance(one, ui.dialog))
