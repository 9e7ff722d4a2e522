"""Who is calling. Set once per call by the interceptor, read by servicers."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from core_service.identity.errors import Forbidden
from core_service.identity.models import Role


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """A channel's id and slug."""

    id: uuid.UUID
    slug: str


@dataclass(frozen=True, slots=True)
class Anonymous:
    """A caller without credentials."""

    client_address: str
    """IP address of the caller, as far as the gateway could tell; empty if unknown."""


@dataclass(frozen=True, slots=True)
class ApiKeyPrincipal:
    """A backend with an API key."""

    api_key_id: uuid.UUID
    account_id: uuid.UUID
    channels: tuple[ChannelRef, ...] | None
    """The channels that it may reach; None for the whole account. An empty tuple reaches no device."""
    rate_limit_per_minute: int


@dataclass(frozen=True, slots=True)
class SessionPrincipal:
    """A signed-in person."""

    session_id: uuid.UUID
    account_id: uuid.UUID
    user_id: uuid.UUID
    role: Role
    rate_limit_per_minute: int
    lacks_second_factor: bool = False
    """The account requires a second factor and the person has none: they can do no more than set one up."""

    @property
    def channels(self) -> None:
        """A person reaches the whole account."""
        return None


@dataclass(frozen=True, slots=True)
class DevicePrincipal:
    """A paired phone."""

    device_id: uuid.UUID
    account_id: uuid.UUID
    user_id: uuid.UUID

    @property
    def channels(self) -> None:
        """It sends to nothing but itself, which no channel decides."""
        return None


@dataclass(frozen=True, slots=True)
class ServerPrincipal:
    """The server itself, which tells people of an account something. It is no caller."""

    account_id: uuid.UUID


Sender = ApiKeyPrincipal | SessionPrincipal
"""A caller that may send: a backend, or a person, who reaches the whole account."""

Principal = Anonymous | ApiKeyPrincipal | SessionPrincipal | DevicePrincipal

current: ContextVar[Principal] = ContextVar("principal")


def credential_id() -> uuid.UUID | None:
    """The id of the caller's API key, session or device; None for a caller without credentials."""
    match current.get():
        case ApiKeyPrincipal(api_key_id=id_) | SessionPrincipal(session_id=id_) | DevicePrincipal(device_id=id_):
            return id_
        case _:
            return None


def sender() -> Sender:
    """The calling API key or person. For methods whose policy allows both."""
    principal = current.get()
    assert isinstance(principal, ApiKeyPrincipal | SessionPrincipal)  # noqa: S101 - the interceptor has made sure
    return principal


def session() -> SessionPrincipal:
    """The calling person. For methods whose policy allows sessions only."""
    principal = current.get()
    assert isinstance(principal, SessionPrincipal)  # noqa: S101 - the interceptor has made sure
    return principal


def device() -> DevicePrincipal:
    """The calling phone. For methods whose policy allows devices only."""
    principal = current.get()
    assert isinstance(principal, DevicePrincipal)  # noqa: S101 - the interceptor has made sure
    return principal


def whole_account() -> uuid.UUID:
    """Returns the caller's account, for methods that concern all of it. The caller is a person, or an API key of scope
    `all`.

    Raises Forbidden for a key that is limited to channels.
    """
    caller = current.get()
    if not isinstance(caller, ApiKeyPrincipal):
        return session().account_id
    if caller.channels is not None:
        raise Forbidden("This API key is limited to channels, and this is about the whole account.")
    return caller.account_id


def anonymous() -> Anonymous:
    """The caller of a public method."""
    principal = current.get()
    assert isinstance(principal, Anonymous)  # noqa: S101 - the interceptor has made sure
    return principal
