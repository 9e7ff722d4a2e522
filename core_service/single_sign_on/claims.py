"""What the provider says of a person, in our terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core_service.common.validation import require_email, require_name
from core_service.identity.models import Role
from service_kit.errors import InvalidRequest

MAX_SUBJECT = 255
"""OpenID Connect Core, 2."""
MAX_NAME = 100
MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """How the operator wants claims to be read."""

    groups_claim: str
    owner_groups: frozenset[str]
    member_groups: frozenset[str]
    trusts_email: bool

    @property
    def groups_decide(self) -> bool:
        """Whether groups decide who has a place here, and which."""
        return bool(self.owner_groups or self.member_groups)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person as the provider knows them."""

    subject: str
    email: str
    """Verified, in the form it is stored in; empty if there is none."""
    shown_email: str
    """Verified or not, to be shown only."""
    name: str
    role: Role | None
    """The role that their groups give them; None if none does."""


def read_claims(claims: Mapping[str, Any], rules: ClaimRules) -> Vouched | None:
    """The person whom the claims describe; None if they name no person."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT or not subject.isprintable():
        return None
    shown = _email(claims.get("email"))
    verified = claims.get("email_verified", rules.trusts_email)
    email = shown if verified is True or verified == "true" else ""
    name = claims.get("name")
    return Vouched(subject, email, shown, _name(name) or email, _role(_groups(claims, rules.groups_claim), rules))


def _email(said: Any) -> str:
    try:
        return require_email(said) if isinstance(said, str) else ""
    except InvalidRequest:
        return ""


def _name(said: Any) -> str:
    try:
        return require_name(said[:MAX_NAME]) if isinstance(said, str) else ""
    except InvalidRequest:
        return ""


def _groups(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """The groups in the claim of this name, or where the dots of it lead."""
    value: Any = claims.get(path)
    if value is None:
        value = claims
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list):
        return frozenset()
    return frozenset(one for one in value[:MAX_GROUPS] if isinstance(one, str))


def _role(groups: frozenset[str], rules: ClaimRules) -> Role | None:
    if groups & rules.owner_groups:
        return Role.OWNER
    return Role.MEMBER if groups & rules.member_groups else None
