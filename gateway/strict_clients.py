"""Clients that refuse answers with a field that the documented contract does not have."""

import re
from collections.abc import Mapping

GO_SDK = {
    b"x-activitysmith-sdk": re.compile(rb"go-"),
    b"user-agent": re.compile(rb"OpenAPI-Generator/[^/]*/go$"),
}
"""How the official Go SDK names itself, by the header that came to it later, or else by its generator."""


def refuses_unknown_fields(headers: Mapping[bytes, bytes]) -> bool:
    """True for the official Go SDK.

    Its models decode with `DisallowUnknownFields`: one field too many, and a push that was sent is told to its sender
    as an error. The other official SDKs ignore such fields.
    """
    return any(pattern.match(headers.get(name, b"")) for name, pattern in GO_SDK.items())
