"""A message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from admin_ui.activity_types.card_type import Body, CardType, Input, State, word
from admin_ui.components.html import text
from admin_ui.texts import _

LONGEST_WORDS = 80
"""Of a message in a list, in characters."""


@dataclass(frozen=True)
class Message(Body):
    """What has happened, in words."""

    message: str
    figure = ""

    def draw(self) -> Callable[[Self], None]:
        """Makes the text."""
        shown = text("", "lock-text lock-message")

        def show(body: Self) -> None:
            shown.text = body.message

        return show


class Alert(CardType):
    """A sentence or two. Its color is that of the buttons alone."""

    label = _("Alert")
    inputs = (Input("message", _("Message")),)
    row = ""
    has_badge = True

    def read(self, state: State, color: str) -> Body:
        """The message."""
        return Message(word(state, "message"))

    def words(self, state: State) -> str:
        """The message, or its beginning."""
        message = word(state, "message")
        return message if len(message) <= LONGEST_WORDS else f"{message[:LONGEST_WORDS].rstrip()} …"

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """No message."""
        if not word(state, "message"):
            yield "message", _("Write what has happened.")


TYPE = Alert()
