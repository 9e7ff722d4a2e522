"""What the operator's commands do: make the first account, make more accounts, make a link to a new password, and take
away a second factor that was lost.

The operator has the database, so these need no other authority. Over the network an account can only be made with the
setup code, once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine

from core_service import migrations
from core_service.accounts.service import Accounts, Defaults
from core_service.auth.passwords import Passwords
from core_service.password_resets.outbox import reset_links
from core_service.password_resets.service import OperatorResets
from core_service.second_factor.resets import OperatorFactorResets
from service_kit.database import create_engine
from service_kit.errors import DomainError


class CannotMake(Exception):
    """The message is one line for the operator."""


async def run(database_url: str, email: str, password: str, account_name: str) -> str | None:
    """Brings the database to the newest schema, and creates an account with its owner. A person with this e-mail
    address who exists already is left as is, so this can run at every start.

    Returns None, or one line for the operator about what is wrong.
    """
    try:
        async with _accounts(database_url) as accounts:
            await accounts.bootstrap(email=email, password=password, account_name=account_name)
    except CannotMake as error:
        return f"bootstrap: {error}"
    return None


async def create_account(
    database_url: str, *, account_name: str, name: str | None, email: str, password: str
) -> dict[str, Any]:
    """Creates one more account with a new person as its owner, and returns what was made.

    Raises CannotMake. A database without a schema gets one. An older schema is refused, because cores of the release
    before may be running.
    """
    async with _accounts(database_url, upgrade=False) as accounts:
        made = await accounts.create(account_name=account_name, name=name, email=email, password=password)
    return {
        "account_id": str(made.member.account_id),
        "user_id": str(made.user.id),
        "email": made.user.email,
        "name": made.user.name,
    }


async def reset_password(database_url: str, email: str, admin_url: str) -> dict[str, Any]:
    """Makes a link with which the person with this e-mail address sets a new password, once, within an hour.

    Raises CannotMake, also if no person signs in with this address.
    """
    async with _database(database_url, upgrade=False) as engine:
        url, person, expires_at = await OperatorResets(engine, reset_links(admin_url)).make(email)
    return {
        "email": person.email,
        "name": person.name,
        "url": url,
        "expires_at": expires_at.isoformat(timespec="seconds"),
    }


async def reset_second_factor(database_url: str, email: str) -> dict[str, Any]:
    """Takes away the second factor of the person with this e-mail address, and ends their sessions.

    Raises CannotMake, also if no person signs in with this address or they have none.
    """
    async with _database(database_url, upgrade=False) as engine:
        taken = await OperatorFactorResets(engine).reset(email)
    return {
        "email": taken.email,
        "name": taken.name,
        "sessions_ended": taken.sessions,
        "passkeys_removed": taken.passkeys,
    }


@asynccontextmanager
async def _accounts(database_url: str, *, upgrade: bool = True) -> AsyncIterator[Accounts]:
    async with _database(database_url, upgrade=upgrade) as engine:
        yield Accounts(engine, Passwords(), Defaults(1, 1, 1, 1))


@asynccontextmanager
async def _database(database_url: str, *, upgrade: bool) -> AsyncIterator[AsyncEngine]:
    try:
        await asyncio.to_thread(_see_to_schema, database_url, upgrade=upgrade)
        engine = create_engine(database_url, pool_size=1)
        try:
            yield engine
        finally:
            await engine.dispose()
    except DomainError as error:
        raise CannotMake(error.message) from error
    except migrations.UnknownSchema as error:
        raise CannotMake(str(error)) from error
    except sqlalchemy.exc.OperationalError as error:
        raise CannotMake(f"the database cannot be reached: {str(error.orig).strip()}") from error


def _see_to_schema(database_url: str, *, upgrade: bool) -> None:
    newest = migrations.revisions()[-1]
    if not upgrade and migrations.current(database_url) not in (None, newest):
        raise CannotMake("the database has the schema of an older release: run `smith migrate` first")
    migrations.upgrade(database_url)
