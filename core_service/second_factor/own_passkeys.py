"""What people do about their own passkeys."""

import asyncio
import logging
import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.auth.challenges import add_challenge, find_challenge, use_up
from core_service.auth.models import Purpose
from core_service.auth.own_password import OwnPassword
from core_service.auth.session_rows import end_sessions, lock_person
from core_service.common.orm import refusing
from core_service.common.validation import missing, require_name
from core_service.identity.models import User
from core_service.identity.principal import SessionPrincipal
from core_service.passkeys.ceremony import WrongPasskey, check_creation, creation_options
from core_service.passkeys.models import Passkey
from core_service.passkeys.relying_party import RelyingParty
from core_service.second_factor.factors import count_passkeys, turn_off_if_none, turn_on
from service_kit.errors import AlreadyExists, InvalidRequest

log = logging.getLogger(__name__)

THING = "passkey"
MAX_PASSKEYS = 20
"""Passkeys of a person."""
FULL = f"A person has {MAX_PASSKEYS} passkeys at most. Remove one first."


class OwnPasskeys:
    """The passkeys of a person who is signed in."""

    def __init__(self, engine: AsyncEngine, own_password: OwnPassword, party: RelyingParty) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._own_password = own_password
        self._party = party

    async def list(self, user_id: uuid.UUID) -> Sequence[Passkey]:
        """All of them, oldest first."""
        query = select(Passkey).where(col(Passkey.user_id) == user_id).order_by(col(Passkey.id)).limit(MAX_PASSKEYS)
        async with self._database() as session:
            return (await session.scalars(query)).all()

    async def begin(self, caller: SessionPrincipal, password: str | None, client_address: str) -> tuple[str, str]:
        """Begins to add one. Returns the secret that finishes it, and the options for the browser.

        Raises Forbidden, also if passkeys cannot work at this server's address; InvalidRequest if there are too many;
        TooManyAttempts.
        """
        self._party.require_usable()
        await self._own_password.require(caller, password, client_address)
        async with self._database.begin() as session:
            await lock_person(session, caller.user_id, None)
            known = (
                await session.scalars(
                    select(col(Passkey.credential_id)).where(col(Passkey.user_id) == caller.user_id).limit(MAX_PASSKEYS)
                )
            ).all()
            if len(known) >= MAX_PASSKEYS:
                raise InvalidRequest(FULL)
            names = select(col(User.email), col(User.name)).where(col(User.id) == caller.user_id)
            email, name = (await session.execute(names)).one()
            begun = await add_challenge(session, Purpose.NEW_PASSKEY, caller.user_id)
        made = await asyncio.to_thread(
            creation_options,
            self._party,
            begun.challenge,
            user_id=caller.user_id,
            email=email,
            name=name,
            known=known,
        )
        return begun.token, made

    async def add(
        self, caller: SessionPrincipal, token: str, answer: str, name: str
    ) -> tuple[Passkey, Sequence[str], int]:
        """Adds what the browser has made. Returns it, with new recovery codes and the number of other sessions that
        were ended, if it is the person's first second factor.

        Raises UnknownChallenge; InvalidRequest; AlreadyExists.
        """
        name = require_name(name)
        async with self._database() as session:
            challenge = await find_challenge(session, token, Purpose.NEW_PASSKEY)
        try:
            made = await asyncio.to_thread(check_creation, self._party, challenge.challenge, answer)
        except WrongPasskey as error:
            log.warning("a passkey was not added: %s", error)
            raise InvalidRequest.at("passkey", "is not what was asked for. Begin again") from None
        passkey = Passkey(
            user_id=caller.user_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name,
            synced=made.synced,
        )
        with refusing("passkeys_credential_id_key", AlreadyExists("This passkey is known already.")):
            async with self._database.begin() as session:
                await lock_person(session, caller.user_id, None)
                await use_up(session, challenge, caller.user_id)
                if await count_passkeys(session, caller.user_id) >= MAX_PASSKEYS:
                    raise InvalidRequest(FULL)
                session.add(passkey)
                codes = await turn_on(session, caller.user_id)
                ended = await end_sessions(session, caller.user_id, kept=caller.session_id) if codes else 0
        return passkey, codes, ended

    async def rename(self, user_id: uuid.UUID, passkey_id: uuid.UUID, name: str) -> Passkey:
        """Gives it another name.

        Raises InvalidRequest; NotFound.
        """
        renamed = (
            update(Passkey).where(*_theirs(user_id, passkey_id)).values(name=require_name(name)).returning(Passkey)
        )
        async with self._database.begin() as session:
            passkey = await session.scalar(renamed.execution_options(synchronize_session=False))
            if passkey is None:
                raise missing(THING)
        return passkey

    async def remove(
        self, caller: SessionPrincipal, passkey_id: uuid.UUID, password: str | None, client_address: str
    ) -> None:
        """Removes it.

        Raises NotFound; Forbidden; TooManyAttempts.
        """
        await self._own_password.require(caller, password, client_address)
        async with self._database.begin() as session:
            await lock_person(session, caller.user_id, None)
            gone = delete(Passkey).where(*_theirs(caller.user_id, passkey_id)).returning(col(Passkey.id))
            if await session.scalar(gone.execution_options(synchronize_session=False)) is None:
                raise missing(THING)
            await turn_off_if_none(session, caller.user_id)


def _theirs(user_id: uuid.UUID, passkey_id: uuid.UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (col(Passkey.id) == passkey_id, col(Passkey.user_id) == user_id)
