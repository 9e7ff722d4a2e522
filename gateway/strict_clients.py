"""Clients that refuse answers with a field that the documented contract does not have."""

import re
from collections.abc import Mapping

GO_SDK = {
    b"x-activitysmith-sdk": re.compile(rb"go-"),
    b"user-agent": re.compile(rb"OpenAPI-Generator/[^/]*/go$"),
}
"""How the official Go SDK identifies itself: newer versions by a header, older ones by their generator's name."""


def refuses_unknown_fields(headers: Mapping[bytes, bytes]) -> bool:
    """True for the official Go SDK.

    Its models decode with `DisallowUnknownFields`: with one field too many it reports an error for a push that was
    sent. The other official SDKs ignore such fields.
    """
    return any(pattern.match(headers.get(name, b"")) for name, pattern in GO_SDK.items())
