"""The documented JSON form of protobuf messages, built once per message type from its descriptor.

It differs from protobuf's own JSON form, because the documented API does: snake_case names, enum values in lower
snake case without prefix, 64-bit integers as numbers, null for what is left out, unknown fields refused or ignored by
name.
"""

from gateway.codec.decoding import MessageDecoder, decoder_for
from gateway.codec.encoding import MessageEncoder, encoder_for
from gateway.codec.errors import FieldError
from gateway.codec.json_text import dump, parse_object
from gateway.codec.unknown_fields import REFUSED, IgnoredFields, Ignoring, UnknownFields

__all__ = [
    "REFUSED",
    "FieldError",
    "IgnoredFields",
    "Ignoring",
    "MessageDecoder",
    "MessageEncoder",
    "UnknownFields",
    "decoder_for",
    "dump",
    "encoder_for",
    "parse_object",
]
