"""Invites as owners handle them."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from limits import RateLimitItemPerHour
from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.credentials import SecretLinks
from core_service.auth.rate_limit import RateLimiter
from core_service.common.orm import new_id, now
from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id_before
from core_service.common.validation import missing, require_email
from core_service.events.service import Event, EventBus, EventType
from core_service.idempotency.service import Resource, new_resource
from core_service.identity.models import Member, Role, User
from core_service.invites.models import MAX_TOKENS, Invite, InviteToken
from core_service.mail.models import MailState
from core_service.mail.outbox import DueMail
from core_service.work_queue.outbox import Outbox
from service_kit.errors import InvalidRequest, NotFound

THING = "invite"
LIFETIME = dt.timedelta(days=7)
MAX_EMAILS = 100
INVITES_AN_HOUR = RateLimitItemPerHour(1000)
"""Invites of an account in an hour: far more than a team needs, and too few for a spammer."""
RESENDS_AN_HOUR = RateLimitItemPerHour(10)
"""Resends of one invite in an hour, so that a mail box is not flooded."""


class Refusal(StrEnum):
    """Why an address was not invited."""

    BAD_ADDRESS = "bad_address"
    ALREADY_MEMBER = "already_member"
    ALREADY_INVITED = "already_invited"


MESSAGES = {
    Refusal.ALREADY_MEMBER: "This person is a member of the account already.",
    Refusal.ALREADY_INVITED: "There is a pending invite for this address already.",
}


@dataclass(frozen=True, slots=True)
class InviteView:
    """An invite, and who made it."""

    invite: Invite
    invited_by: str | None
    """The e-mail address of the owner who made it."""


@dataclass(frozen=True, slots=True)
class InviteAnswer:
    """What happened to one address: an invite, or a refusal with its message."""

    email: str
    """The address as the caller wrote it."""
    view: InviteView | None = None
    refusal: Refusal | None = None
    message: str = ""


class Invites:
    """The invites of accounts."""

    def __init__(
        self,
        engine: AsyncEngine,
        rate_limiter: RateLimiter,
        links: SecretLinks,
        mailer: Outbox[DueMail],
        events: EventBus,
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._rate_limiter = rate_limiter
        self._links = links
        self._mailer = mailer
        self._events = events

    async def create(
        self, account_id: uuid.UUID, invited_by: uuid.UUID, emails: Sequence[str], role: Role
    ) -> list[InviteAnswer]:
        """Invites each address for 7 days and queues a mail to it. A wrong address does not stop the others.

        Raises InvalidRequest unless there are 1 to 100 addresses; TooManyAttempts after 1,000 invites of the account in
        an hour.
        """
        await self._rate_limiter.refuse_haste(INVITES_AN_HOUR, "invites", str(account_id), cost=len(emails))
        read = [_read(email) for email in emails]
        wanted = dict.fromkeys(one for one in read if not isinstance(one, InvalidRequest))
        resource = new_resource()
        async with self._database.begin() as session:
            members = await _members(session, account_id, wanted)
            new = [email for email in wanted if email not in members]
            made = await _insert(session, resource, new, account_id=account_id, invited_by=invited_by, role=role)
            inviter = await session.scalar(select(col(User.email)).where(col(User.id) == invited_by))
        if made:
            self._news(account_id)
        views = {email: InviteView(invite, inviter) for email, invite in made.items()}
        return [_answer(given, one, members, views) for given, one in zip(emails, read, strict=True)]

    async def list(self, account_id: uuid.UUID, page_size: int | None, page_token: str | None) -> Page[InviteView]:
        """The account's invites, newest first.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        query = (
            select(Invite, col(User.email))
            .outerjoin(User, col(User.id) == col(Invite.invited_by))
            .where(col(Invite.account_id) == account_id, col(Invite.id) < read_id_before(page_token))
            .order_by(col(Invite.id).desc())
            .limit(size + 1)
        )
        async with self._database() as session:
            views = [InviteView(*row) for row in await session.execute(query)]
        return page_of(views, size, lambda view: str(view.invite.id))

    async def resend(self, account_id: uuid.UUID, invite_id: uuid.UUID) -> InviteView:
        """Extends the invite to 7 days from now and queues another mail.

        Raises NotFound; TooManyAttempts after 10 times in an hour.
        """
        query = (
            update(Invite)
            .where(col(Invite.id) == invite_id, col(Invite.account_id) == account_id)
            .values(expires_at=func.now() + LIFETIME, **_new_mail())
            .returning(Invite)
            .execution_options(synchronize_session=False)
        )
        async with self._database.begin() as session:
            invite = await session.scalar(query)
            if invite is None:
                raise missing(THING)
            await self._rate_limiter.refuse_haste(RESENDS_AN_HOUR, "resend", str(invite_id))
            inviter = await session.scalar(select(col(User.email)).where(col(User.id) == invite.invited_by))
        self._news(account_id)
        return InviteView(invite, inviter)

    async def revoke(self, account_id: uuid.UUID, invite_id: uuid.UUID) -> None:
        """Revokes the invite. All its links are refused from now on.

        Raises NotFound.
        """
        query = (
            delete(Invite)
            .where(col(Invite.id) == invite_id, col(Invite.account_id) == account_id)
            .returning(col(Invite.id))
        )
        async with self._database.begin() as session:
            if await session.scalar(query) is None:
                raise missing(THING)
        self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))

    async def make_link(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, invite_id: uuid.UUID
    ) -> tuple[str, dt.datetime]:
        """Returns a link that accepts the invite, and when it stops working. It works for as long as the caller is an
        owner. The last 200 links of an invite work.

        Raises NotFound, also if the invite has expired.
        """
        chosen = (col(Invite.id) == invite_id, col(Invite.account_id) == account_id)
        url, secret = self._links.new()
        async with self._database.begin() as session:
            # Links of one invite are made one after the other, so that their number stays within the limit.
            invite = await session.scalar(select(Invite).where(*chosen).with_for_update(key_share=True))
            if invite is None:
                raise missing(THING)
            if invite.expires_at <= now():
                raise NotFound("The invite has expired. Send it again first.")
            oldest = (
                select(col(InviteToken.token_hash))
                .where(col(InviteToken.invite_id) == invite_id)
                .order_by(col(InviteToken.created_at).desc())
                .offset(MAX_TOKENS - 1)
            )
            dropped = delete(InviteToken).where(col(InviteToken.token_hash).in_(oldest))
            await session.execute(dropped.execution_options(synchronize_session=False))
            session.add(
                InviteToken(
                    token_hash=secret.hash, invite_id=invite_id, created_by=caller_id, expires_at=invite.expires_at
                )
            )
        return url, invite.expires_at

    def _news(self, account_id: uuid.UUID) -> None:
        self._mailer.wake()
        self._events.publish(account_id, Event(EventType.MEMBERS_CHANGED, now()))


def _read(email: str) -> str | InvalidRequest:
    try:
        return require_email(email, "It")
    except InvalidRequest as error:
        return error


def _answer(
    given: str, read: str | InvalidRequest, members: Collection[str], views: dict[str, InviteView]
) -> InviteAnswer:
    if isinstance(read, InvalidRequest):
        return InviteAnswer(given, None, Refusal.BAD_ADDRESS, read.message)
    if read in views:
        return InviteAnswer(given, views[read])
    refusal = Refusal.ALREADY_MEMBER if read in members else Refusal.ALREADY_INVITED
    return InviteAnswer(given, None, refusal, MESSAGES[refusal])


async def _members(session: AsyncSession, account_id: uuid.UUID, emails: Collection[str]) -> set[str]:
    """Returns those of the addresses that belong to members of the account. Other addresses are not mentioned."""
    query = (
        select(col(User.email))
        .join(Member, col(Member.user_id) == col(User.id))
        .where(col(Member.account_id) == account_id, col(User.email).in_(emails))
    )
    return set(await session.scalars(query))


async def _insert(
    session: AsyncSession,
    resource: Resource,
    emails: Sequence[str],
    *,
    account_id: uuid.UUID,
    invited_by: uuid.UUID,
    role: Role,
) -> dict[str, Invite]:
    """Inserts the invites and returns them by address. An expired invite is renewed, and so is one whose maker is no
    longer an owner: its links are refused."""
    if not emails:
        return {}
    row: dict[str, Any] = {"account_id": account_id, "role": role.value, "invited_by": invited_by}
    row |= {"request_id": resource.id, "invited_at": func.now(), "expires_at": func.now() + LIFETIME}
    rows = [{"id": new_id(), "email": email, **row, **_new_mail()} for email in emails]
    adding = insert(Invite).values(rows)
    fresh = ("role", "invited_by", "request_id", "invited_at", "expires_at", *_new_mail())
    vouched_for = (
        exists()
        .where(
            col(Member.account_id) == account_id,
            col(Member.user_id) == col(Invite.invited_by),
            col(Member.role) == Role.OWNER,
        )
        .correlate(Invite)
    )
    adding = adding.on_conflict_do_update(
        constraint="invites_account_id_email_key",
        set_={name: adding.excluded[name] for name in fresh},
        where=or_(col(Invite.expires_at) <= func.now(), ~vouched_for),
    )
    inserted = await session.scalars(adding.returning(Invite), execution_options={"populate_existing": True})
    made = {invite.email: invite for invite in inserted}
    if resource.repeated:
        # An earlier run of this request made it and could not answer.
        mine = (col(Invite.account_id) == account_id, col(Invite.request_id) == resource.id)
        made |= {invite.email: invite for invite in await session.scalars(select(Invite).where(*mine))}
    return made


def _new_mail() -> dict[str, Any]:
    """The columns of a mail that should be sent at once."""
    return {
        "mail_id": new_id(),
        "mail_state": MailState.QUEUED.value,
        "mail_queued_at": func.now(),
        "mail_due_at": func.now(),
        "mail_attempts": 0,
        "mail_sent_at": None,
        "mail_reason": "",
        "mail_message": "",
    }
