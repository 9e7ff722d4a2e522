"""Finds the types: each value of the API's enum has a module of its name here, with its `TYPE`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from smith.core.v1.live_activity_pb2 import LiveActivityType

from admin_ui.activity_types.card_type import Bar, Body, CardType, State, color_or, word
from admin_ui.api_contract import DEFAULT_COLOR
from admin_ui.texts import _
from service_kit.json_mapping.contract import enum_names

TYPES: Mapping[str, CardType] = {
    name: import_module(f"admin_ui.activity_types.{name}").TYPE
    for name in enum_names(LiveActivityType.DESCRIPTOR).values()
}
"""By the API's names, in its order."""


@dataclass(frozen=True)
class Mark:
    """An icon or a badge: a word and its color."""

    word: str
    color: str


@dataclass(frozen=True)
class Reading:
    """What is drawn of a content state."""

    title: str
    subtitle: str
    color: str
    body: Body
    icon: Mark | None
    badge: Mark | None


def read(state: State) -> Reading:
    """The content state as it is drawn. What is missing or wrong is left out, and nothing raises."""
    kind, color = _type_of(state), color_or(state.get("color"), DEFAULT_COLOR)
    body = kind.read(state, color) if kind else Bar("", _("not known"), 0.0)
    icon, badge = _mark(state, "icon", "symbol", color), _mark(state, "badge", "title", color)
    return Reading(word(state, "title"), word(state, "subtitle"), color, body, icon, badge)


def _mark(state: State, name: str, key: str, color: str) -> Mark | None:
    given = state.get(name)
    if not isinstance(given, Mapping) or not word(given, key):
        return None
    return Mark(word(given, key), color_or(given.get("color"), color))


def words(state: State) -> str:
    """What a content state shows beside its title, in a few words: `42%`, `step 2 of 4`, `CPU 12%, Memory 60%`."""
    kind = _type_of(state)
    return kind.words(state) if kind else ""


def _type_of(state: State) -> CardType | None:
    """An update may leave its type out; the fields tell which one is meant."""
    named = TYPES.get(word(state, "type"))
    given = {name for name, value in state.items() if value is not None}
    return named or next((kind for kind in TYPES.values() if given & {one.name for one in kind.inputs}), None)
