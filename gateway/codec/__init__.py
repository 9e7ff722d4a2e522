"""The documented JSON form of protobuf messages, built once per message type from its descriptor.

It differs from protobuf's own JSON form, because the documented API does: snake_case names, enum values in lower
snake case without prefix, 64-bit integers as numbers, unknown fields and nulls refused by name.
"""

from gateway.codec.decoding import MessageDecoder, decoder_for
from gateway.codec.encoding import MessageEncoder, encoder_for
from gateway.codec.errors import FieldError
from gateway.codec.json_text import dump, parse_object

__all__ = ["FieldError", "MessageDecoder", "MessageEncoder", "decoder_for", "dump", "encoder_for", "parse_object"]
