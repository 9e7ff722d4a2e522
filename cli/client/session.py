"""A session with core for the time of one command."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import typer
from smith.core.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
)
from smith.core.v1.account_pb2 import Member

from cli.client.owner import Owner
from cli.client.settings import ClientSettings
from cli.up.errors import CannotStart, Failed
from service_kit.client import open_channel
from service_kit.peers import Peers
from service_kit.status import from_rpc_error

CALL_SECONDS = 15.0
"""Seconds that a call may take. An unreachable core is noticed within five."""
GOODBYE_SECONDS = 3.0
NO_TERMINAL = (
    "{email} signs in with a second factor: run this in a terminal, where it can ask for the code, or let a person "
    "without one do it"
)


class NoCode(CannotStart):
    """The person has a second factor, and there is no terminal in which to ask for a code."""


class Session:
    """A signed-in person's session."""

    def __init__(self, channel: grpc.aio.Channel, token: str, member: Member) -> None:
        self.channel = channel
        self.member = member
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def ask(self, method: Callable[..., Any], request: Any, *, seconds: float = CALL_SECONDS) -> Any:
        """Core's answer to this method of a stub. Raises Failed with core's error, or if core does not answer."""
        try:
            return await method(request, metadata=self._metadata, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            raise Failed(in_words(error)) from error

    def stream(self, method: Callable[..., Any], request: Any) -> Any:
        """Core's answers to this method, which has a stream of them, for as long as it takes. Reading them raises
        AioRpcError."""
        return method(request, metadata=self._metadata)


@asynccontextmanager
async def signed_in(settings: ClientSettings, owner: Owner) -> AsyncIterator[Session]:
    """A session that ends with the block, also after an exception. Raises Failed or CannotStart."""
    if not owner.email.isprintable() or not _is_text(owner.email + owner.password):
        raise CannotStart("the e-mail address or the password is not text")
    async with open_channel(settings.core, Peers.of(settings)) as channel:
        accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        request = account_service_pb2.CreateSessionRequest(email=owner.email, password=owner.password)
        try:
            made = await _begin(accounts, channel, request)
        except grpc.aio.AioRpcError as error:
            raise Failed(f"cannot sign in to {settings.core} as {owner.email}: {in_words(error)}") from error
        session = Session(channel, made.session_token, made.member)
        try:
            yield session
        finally:
            # The work is done or has failed already. A session that cannot be ended expires by itself.
            with contextlib.suppress(Failed, asyncio.CancelledError):
                goodbye = account_service_pb2.DeleteSessionRequest()
                await session.ask(accounts.DeleteSession, goodbye, seconds=GOODBYE_SECONDS)


async def _begin(accounts: Any, channel: grpc.aio.Channel, request: account_service_pb2.CreateSessionRequest) -> Any:
    """The new session. A person who has a second factor is asked for a code in the terminal. Raises NoCode if there is
    none, and AioRpcError."""
    try:
        return await accounts.CreateSession(request, timeout=CALL_SECONDS)
    except grpc.aio.AioRpcError as error:
        said = from_rpc_error(error)
        if said.reason != "SECOND_FACTOR_NEEDED":
            raise
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NoCode(NO_TERMINAL.format(email=request.email))
    code = await asyncio.to_thread(typer.prompt, "Code of the authenticator app, or a recovery code", err=True)
    asked = second_factor_service_pb2.CompleteSignInRequest(challenge=said.facts["challenge"], code=code)
    finishing = second_factor_service_pb2_grpc.SecondFactorServiceStub(channel)
    return await finishing.CompleteSignIn(asked, timeout=CALL_SECONDS)


def in_words(error: grpc.aio.AioRpcError) -> str:
    """The error as a line for people."""
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "core does not answer"
    said = from_rpc_error(error)
    if error.code() is grpc.StatusCode.UNAVAILABLE and not said.reason:
        return "core cannot be reached: is SMITH_CORE_ADDRESS right, and does core run?"
    return " ".join(said.message.split()) or error.code().name


def _is_text(value: str) -> bool:
    """Whether the value can be sent: bytes of a terminal or file may not be UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
