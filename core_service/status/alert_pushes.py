"""Alerts as push notifications to the phones of people who run the server."""

import datetime as dt
import logging
import uuid

from psycopg.errors import UniqueViolation

from core_service.common.orm import now
from core_service.identity.principal import ServerPrincipal
from core_service.mail.port import Mail, MailResult, MailVerdict
from core_service.push.content import Content, build_payload
from core_service.push.order import Order
from core_service.push.recording import Recording
from core_service.status.alert_queries import FIND_PHONES, IS_RECORDED
from service_kit import tracing
from service_kit.database import DATABASE_AWAY, Pool
from service_kit.errors import Unavailable

log = logging.getLogger(__name__)

PUSH = "push:"
"""What a recipient begins with whose phones are told; the e-mail address of their login follows."""
WORTH = dt.timedelta(days=1)
"""For how long a phone that is off is owed it, as long as a mail is tried."""
LONGEST = 1000
"""Characters of the explanation: a payload has room for 4 KiB."""
AWAY = "The push could not be recorded."


class AlertPushes:
    """See MailSender. Sending is recording: what is recorded is owed to the phones as any other notification."""

    def __init__(self, pool: Pool, recording: Recording, url: str) -> None:
        """`url` is what a tap opens."""
        self._pool = pool
        self._recording = recording
        self._url = url

    async def send(self, mail: Mail) -> MailResult:
        """See MailSender. `mail.id` is the notification's: an attempt whose result is unknown is not made twice."""
        email, notification_id = mail.to.removeprefix(PUSH), uuid.UUID(mail.id)
        try:
            async with self._pool.connection() as connection:
                row = await (await connection.execute(IS_RECORDED, (notification_id,))).fetchone()
                if row is not None and row[0]:
                    return MailResult(MailVerdict.SENT)
                found = await (await connection.execute(FIND_PHONES, {"email": email})).fetchone()
            told = found is not None and await self._record(notification_id, found[0], found[1], mail)
        except UniqueViolation:
            # Another core has taken it up, because this one was slow.
            return MailResult(MailVerdict.SENT)
        except (*DATABASE_AWAY, Unavailable) as error:
            return MailResult(MailVerdict.RETRY, "Unavailable", f"{AWAY} {error}", attempted=False)
        if told:
            return MailResult(MailVerdict.SENT)
        log.warning("SMITH_ALERT_PUSH_TO: %s owns no workspace in which they have a phone that can be reached", email)
        # They may pair one, or open the app whose token is dead.
        return MailResult(MailVerdict.RETRY, "NoPhone", f"{email} has no phone that can be reached.")

    async def _record(self, notification_id: uuid.UUID, user_id: uuid.UUID, account_id: uuid.UUID, mail: Mail) -> bool:
        content = Content(title=mail.subject, message=mail.text[:LONGEST], redirection=self._url)
        order = Order(
            notification_id,
            now(),
            now() + WORTH,
            ServerPrincipal(account_id),
            content,
            build_payload(notification_id, content),
            channels=None,
            device_id=None,
            replay_of=None,
            origin=tracing.origin(),
            person_id=user_id,
        )
        return (await self._recording.record(order)).total > 0
