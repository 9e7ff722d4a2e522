"""The packets of Socket.IO that pages send, and no others.

NiceGUI's own script is all that ever writes to a page's socket: it connects once, says that it is alive, and sends five
events, each with one JSON object. What else the protocol knows, such as attachments that are kept until the last one
has come, is for no page of ours. A packet that passes here makes neither engineio, nor socketio, nor NiceGUI raise.
"""

import re
from typing import Annotated, Any

from nicegui import json
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

CONNECT = "40"
"""The first packet of every socket, which comes once: each would make one more session."""
ALIVE = "3"
LEAVING = ("1", "41")
EVENT = re.compile(r"42(\d{0,9})(?=\[)")
"""With the number that an answer is to bear, if one is wanted."""
ANSWERED = "handshake"
"""The one event that pages want an answer to. Answers wait for a client that does not read."""

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
    """What a page says of itself: in the event, or in the query of its socket."""

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
    """What has come over one socket, as far as it decides what may come next."""

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
    """Raises Unexpected unless the packet is an event with what pages say in it."""
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
