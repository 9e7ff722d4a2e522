"""A real core on a real PostgreSQL, and callers that speak gRPC to it."""

import asyncio
import secrets
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import grpc
import psycopg
from argon2 import PasswordHasher
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX

from core_service.app.services import SERVICES
from core_service.app.wiring import running_core
from core_service.auth.credentials import SESSION, Secret, mint
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.common.clock import Clock
from core_service.settings import CoreSettings
from service_kit.client import open_channel
from service_kit.status import RemoteError, from_rpc_error
from tests.waiting import LONG

if TYPE_CHECKING:
    from service_kit.database import Pool

METHODS: dict[str, MethodDescriptor] = {method.name: method for service in SERVICES for method in service.methods}
"""Every method of the core's API by its name."""

PASSWORD = "correct horse battery"
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""What passwords cost is tested with the hasher that the server uses, and all else with this one."""
PASSWORD_HASH = CHEAP_HASHER.hash(PASSWORD)
DEADLINE_SECONDS = LONG


class Caller:
    """Calls methods by their names: `await caller.CreateChannel(slug="ops")`."""

    def __init__(self, channel: grpc.aio.Channel, secret: str | None, address: str | None) -> None:
        self._channel = channel
        self.secret = secret
        self._metadata = tuple(
            (key, value)
            for key, value in (("authorization", secret and f"Bearer {secret}"), ("x-client-address", address))
            if value is not None
        )

    def with_metadata(self, *more: tuple[str, str]) -> "Caller":
        """The same caller, who says this as well with every call."""
        other = Caller(self._channel, None, None)
        other._metadata = (*self._metadata, *more)
        return other

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name not in METHODS:
            raise AttributeError(name)

        async def call(**fields: Any) -> Any:
            return await self.call(METHODS[name], GetMessageClass(METHODS[name].input_type)(**fields))

        return call

    async def call(self, method: MethodDescriptor, request: Any) -> Any:
        """The method's answer."""
        stub = self._channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return await stub(request, metadata=self._metadata, timeout=DEADLINE_SECONDS)


@dataclass(frozen=True)
class Core:
    """A running core."""

    address: str
    database_url: str
    channel: grpc.aio.Channel
    _idle: list[psycopg.AsyncConnection[Any]] = field(default_factory=list, repr=False, compare=False)
    """Connections for `sql`, which most tests use: to open one costs more than what is asked over it."""

    def caller(self, secret: str | None = None, *, address: str | None = None) -> Caller:
        """Somebody who calls with this secret, as the gateway would from this client address."""
        return Caller(self.channel, secret, address)

    async def sql(self, query: str, *arguments: Any, **named: Any) -> list[Any]:
        """What the database says: for what no method shows, and for what only time or APNs brings about."""
        connection = self._idle.pop() if self._idle else await self._connect()
        try:
            try:
                cursor = await connection.execute(query, named or arguments)
            except psycopg.OperationalError:
                if not connection.broken:
                    raise
                # A test has ended all connections, this idle one too.
                await connection.close()
                connection = await self._connect()
                cursor = await connection.execute(query, named or arguments)
            return await cursor.fetchall() if cursor.description else []
        finally:
            if not connection.closed:
                self._idle.append(connection)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        # Tests change the schema: nothing is prepared.
        return await psycopg.AsyncConnection.connect(self.database_url, autocommit=True, prepare_threshold=None)

    async def aclose(self) -> None:
        """Closes what `sql` has opened."""
        while self._idle:
            await self._idle.pop().close()


@asynccontextmanager
async def start_core(
    database_url: str, *, clock: Clock | None = None, hasher: PasswordHasher = CHEAP_HASHER, **settings: Any
) -> AsyncIterator[Core]:
    """A core on a migrated database and a free port, which goes by `clock` or else by the database's. `settings` are
    fields of CoreSettings."""
    defaults: dict[str, Any] = {"core_port": 0, "delivery_address": "127.0.0.1:1", "drain_seconds": 1.0}
    if "delivery_address" in settings:
        # Answers wait for outcomes for as long as a busy machine takes.
        defaults["delivery_wait"] = 20.0
    chosen = CoreSettings(**(defaults | {"database_url": database_url} | settings))
    async with (
        running_core(chosen, clock, hasher) as port,
        open_channel(f"127.0.0.1:{port}") as channel,
        aclosing(Core(f"127.0.0.1:{port}", database_url, channel)) as core,
    ):
        yield core


@dataclass(frozen=True)
class Phone:
    """A paired phone."""

    id: str
    secret: str
    caller: Caller


@dataclass(frozen=True)
class Account:
    """An account with a signed-in owner."""

    core: Core
    id: str
    owner_id: str
    email: str
    session: str
    owner: Caller

    async def sign_in(self, email: str, password: str = PASSWORD) -> str:
        """The secret of a new session."""
        return str((await self.core.caller().CreateSession(email=email, password=password)).session_token)

    async def add_member(self, role: str = "member") -> tuple[str, Caller]:
        """Another person's id, and the person signed in."""
        email, session = f"{role}-{uuid.uuid4().hex[:12]}@team.test", mint(SESSION)
        user_id = await _insert_person(self.core, self.id, email, role, session)
        return user_id, self.core.caller(session.text)

    async def join(self, email: str, password: str = PASSWORD, **fields: Any) -> Any:
        """Invites somebody who accepts at once, as every member has come to be one; answers with what they are told.
        `fields` are of the invite."""
        await self.owner.CreateInvites(emails=[email], **fields)
        return await self.core.caller().AcceptInvite(token=await self.invite_token(email), password=password)

    async def invite_token(self, email: str) -> str:
        """The secret of a new link of the invite for this address."""
        invites = (await self.owner.ListInvites(page_size=1000)).invites
        [invite_id] = [invite.id for invite in invites if invite.email == email.lower()]
        url: str = (await self.owner.CreateInviteLink(invite_id=invite_id)).url
        return url.rpartition("/")[2]

    async def add_key(self, **fields: Any) -> tuple[str, str]:
        """A new API key's id and secret."""
        made = await self.owner.CreateApiKey(**({"name": "backend"} | fields))
        return made.api_key.id, made.secret

    async def add_channel(self, slug: str = "ops") -> str:
        """A new channel's id."""
        return str((await self.owner.CreateChannel(slug=slug)).channel.id)

    async def add_phone(self, user_id: str | None = None, name: str = "iPhone") -> Phone:
        """A phone paired for a person, the owner unless told otherwise."""
        code = (await self.owner.CreatePairingCode(user_id=user_id)).pairing_code
        paired = await self.core.caller().PairDevice(pairing_code=code, name=name)
        return Phone(paired.device_id, paired.device_token, self.core.caller(paired.device_token))

    async def add_startable_phone(self, user_id: str | None = None) -> Phone:
        """A phone on which Live Activities can be started, as far as the core knows."""
        phone = await self.add_phone(user_id)
        tokens = {"push_token": secrets.token_hex(32), "push_to_start_token": secrets.token_hex(32)}
        await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, **tokens)
        return phone


async def start_account(core: Core, name: str = "Acme") -> Account:
    """An account as bootstrap makes it, beside others: no method creates a second one yet."""
    account_id = str(uuid.uuid4())
    await core.sql("INSERT INTO accounts (id, name, created_at) VALUES (%s, %s, now())", account_id, name)
    email, session = f"owner-{uuid.uuid4().hex[:12]}@team.test", mint(SESSION)
    owner_id = await _insert_person(core, account_id, email, "owner", session)
    return Account(core, account_id, owner_id, email, session.text, core.caller(session.text))


async def _insert_person(core: Core, account_id: str, email: str, role: str, session: Secret) -> str:
    """A signed-in person; by SQL, because signing in is meant to take long."""
    user_id = str(uuid.uuid4())
    await core.sql(
        """
        WITH person AS (
            INSERT INTO users (id, email, name, password_hash, created_at)
            VALUES (%(user_id)s, %(email)s, %(email)s, %(password_hash)s, now())
        ), member AS (
            INSERT INTO members (account_id, user_id, role, created_at)
            VALUES (%(account_id)s, %(user_id)s, %(role)s, now())
        )
        INSERT INTO sessions (id, account_id, user_id, secret_hash, created_at, authenticated_at, expires_at)
        VALUES (gen_random_uuid(), %(account_id)s, %(user_id)s, %(secret_hash)s, now(), now(), now() + interval '1 day')
        """,
        account_id=account_id,
        user_id=user_id,
        email=email,
        password_hash=PASSWORD_HASH,
        role=role,
        secret_hash=session.hash,
    )
    return user_id


def unwritten_failures() -> FailedSignIns:
    """Failed sign-ins that are noted and that nothing writes down."""
    return FailedSignIns(cast("Pool", None))


async def refusal(call: Awaitable[Any]) -> RemoteError:
    """What the call was refused with. Fails the test if it succeeds."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    raise AssertionError(f"not refused: {answer}")


async def outcomes(*calls: Awaitable[Any]) -> Counter[str]:
    """How often calls made at once ended with each gRPC code."""

    async def code(call: Awaitable[Any]) -> str:
        try:
            await call
        except grpc.aio.AioRpcError as error:
            return error.code().name
        return "OK"

    return Counter(await asyncio.gather(*map(code, calls)))


async def refused_with(reason: str, call: Awaitable[Any]) -> str:
    """The message of a refusal whose reason must be this one."""
    error = await refusal(call)
    assert error.reason == reason, error
    return error.message
