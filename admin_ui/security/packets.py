"""The packets of Socket.IO that pages send, and no others.

Only NiceGUI's own script writes to a page's socket: it connects once, says that it is alive, and sends five events,
each with one JSON object. No page uses the rest of the protocol, such as attachments, which the server would keep until
the last one has come. A packet that passes here makes neither engineio, nor socketio, nor NiceGUI raise.
"""

import re
from typing import Annotated, Any

from nicegui import json
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

CONNECT = "40"
"""The first packet of every socket. It may come only once: each makes another session."""
ALIVE = "3"
LEAVING = ("1", "41")
EVENT = re.compile(r"42(\d{0,9})(?=\[)")
"""An event, with the number that its answer must have if one is wanted."""
ANSWERED = "handshake"
"""The only event that pages want an answer to. Answers to a client that does not read would pile up."""

Id = Annotated[str, Field(max_length=100)]
MessageId = Annotated[int, Field(ge=0, le=10**15)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)

    client_id: Id


class _Event(_Message):
    id: int
    listener_id: Id
    args: list[str | None] = []

    @model_validator(mode="after")
    def _args_are_json(self) -> "_Event":
        for arg in self.args:
            if arg is not None:
                json.loads(arg)
        return self


class _JavascriptResponse(_Message):
    request_id: Id


class _Ack(_Message):
    next_message_id: MessageId


class Handshake(BaseModel):
    """What a page says about itself, in the event or in the query of its socket."""

    model_config = ConfigDict(extra="ignore")

    client_id: Id
    tab_id: Id
    document_id: Id
    old_tab_id: Id | None = None
    next_message_id: MessageId | None = None


MESSAGES: dict[str, TypeAdapter[Any]] = {
    "event": TypeAdapter(_Event),
    "javascript_response": TypeAdapter(_JavascriptResponse),
    "ack": TypeAdapter(_Ack),
    "log": TypeAdapter(_Message),
    ANSWERED: TypeAdapter(Handshake),
}


class Unexpected(Exception):
    """A packet that no page sends."""


class Conversation:
    """The state of one socket's packets, which decides which packet may come next."""

    def __init__(self) -> None:
        self._is_connected = False

    def take(self, packet: str | bytes | None) -> None:
        """Raises Unexpected unless a page sends this packet now."""
        if not isinstance(packet, str):
            raise Unexpected("a binary packet")
        if packet == CONNECT:
            if self._is_connected:
                raise Unexpected("a second connection")
            self._is_connected = True
        elif packet in (ALIVE, *LEAVING):
            return
        elif self._is_connected:
            check_event(packet)
        else:
            raise Unexpected("a packet before the first")


def check_event(packet: str) -> None:
    """Raises Unexpected unless the packet is an event that pages send, with the content that they send."""
    found = EVENT.match(packet)
    if found is None:
        raise Unexpected("a packet of another type")
    try:
        content = json.loads(packet[found.end() :])
    except ValueError:
        raise Unexpected("an event that is no JSON") from None
    if not isinstance(content, list) or len(content) != 2 or not isinstance(content[0], str):
        raise Unexpected("an event without a name or with more than one object")
    name, message = content
    if name not in MESSAGES or (found[1] and name != ANSWERED):
        raise Unexpected("another event")
    try:
        MESSAGES[name].validate_python(message)
    except ValidationError:
        raise Unexpected("an event in another form") from None
