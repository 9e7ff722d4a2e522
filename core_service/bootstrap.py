"""Makes the first account of a server, with its owner."""

import asyncio

import sqlalchemy.exc

from core_service import migrations
from core_service.auth.service import Passwords
from core_service.teams.service import Accounts, Defaults
from service_kit.database import create_engine
from service_kit.errors import DomainError


async def run(database_url: str, email: str, password: str, account_name: str) -> str | None:
    """Creates account and owner, in a database that it first brings to the newest schema.

    A person with this e-mail address who exists already is left as is, so it can be run at every start. Returns None,
    or one line for the operator about what is wrong.
    """
    try:
        await asyncio.to_thread(migrations.upgrade, database_url)
        engine = create_engine(database_url, pool_size=1)
        try:
            accounts = Accounts(engine, Passwords(), Defaults(1, 1))
            await accounts.bootstrap(email=email, password=password, account_name=account_name)
        finally:
            await engine.dispose()
    except DomainError as error:
        return f"bootstrap: {error.message}"
    except migrations.NewerSchema as error:
        return f"bootstrap: {error}"
    except sqlalchemy.exc.OperationalError as error:
        return f"bootstrap: the database cannot be reached: {str(error.orig).strip()}"
    return None
