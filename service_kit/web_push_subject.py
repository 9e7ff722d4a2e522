"""The contact address that this server gives push services of browsers (RFC 8292, `sub`).

Apple's refuses every push, with BadJwtToken, if the address cannot be one of the public internet. Others do not look.
"""

import ipaddress
import re
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

LOCAL_DOMAINS = frozenset({"localhost", "local", "invalid", "test", "internal"})
"""Top-level domains that exist on no public name server."""
PLACEHOLDER = "mailto:webpush@localhost"
"""What is given if nothing better is known: a URI, which Mozilla's service wants. Apple's does not take it."""

LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
HOST = re.compile(rf"{LABEL}(?:\.{LABEL})+\.?")
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
MAX_CHARACTERS = 500


def why_refused(subject: str) -> str:
    """Why Apple would refuse this subject, in words that follow "must" or "is"; empty if it would not."""
    if len(subject) > MAX_CHARACTERS or not subject.isascii() or not subject.isprintable() or " " in subject:
        return "it must be a mailto: or https: address, such as mailto:you@your-domain"
    scheme, _, rest = subject.partition(":")
    if scheme == "mailto":
        mailbox, _, host = rest.rpartition("@")
        if not MAILBOX.fullmatch(mailbox):
            return "it must be a mailto: or https: address, such as mailto:you@your-domain"
    elif scheme == "https":
        try:
            host = urlsplit(subject).hostname or ""
        except ValueError:
            host = ""
    else:
        return "it must be a mailto: or https: address, such as mailto:you@your-domain"
    return _why_not_public(host)


def _why_not_public(host: str) -> str:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    else:
        return "its host must be a name, because Apple refuses IP addresses"
    if host.rstrip(".").rpartition(".")[2].lower() in LOCAL_DOMAINS or not HOST.fullmatch(host):
        return f"its host must be one of the public internet, because Apple refuses {host!r}"
    return ""


def first_public(*candidates: str) -> str:
    """The first of these that Apple would take: subjects, URLs, or the sender of mails. Otherwise PLACEHOLDER."""
    return next((found for found in _subjects(candidates) if not why_refused(found)), PLACEHOLDER)


def _subjects(candidates: Iterable[str]) -> Iterable[str]:
    for candidate in candidates:
        yield candidate
        if "@" in candidate:
            yield f"mailto:{parseaddr(candidate)[1]}"


def _is_public(subject: str) -> str:
    if subject and (why := why_refused(subject)):
        raise ValueError(why)
    return subject


Subject = Annotated[str, AfterValidator(_is_public)]
"""A setting that holds a subject, or nothing."""
