"""The documented JSON form of protobuf messages, built once per message type from its descriptor.

The gateway takes and answers it, the audit log keeps it, the web admin sends it, and `smith` prints it.

It differs from protobuf's own JSON form, because the documented API does: snake_case names, enum values in lower
snake case without prefix, 64-bit integers as numbers, null for what is left out, unknown fields refused or ignored by
name.
"""

from service_kit.json_mapping.contract import FieldError
from service_kit.json_mapping.decoding import REFUSED, MessageDecoder, UnknownFields, decoder_for
from service_kit.json_mapping.encoding import GivenEncoder, MessageEncoder, encoder_for, given_encoder_for
from service_kit.json_mapping.values import JsonSyntaxError, dump, parse_object

__all__ = [
    "REFUSED",
    "FieldError",
    "GivenEncoder",
    "JsonSyntaxError",
    "MessageDecoder",
    "MessageEncoder",
    "UnknownFields",
    "decoder_for",
    "dump",
    "encoder_for",
    "given_encoder_for",
    "parse_object",
]
