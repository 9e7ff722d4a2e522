"""Tells the operator what needs attention: once when it begins, and once when it is over."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from core_service.status.alert_queries import CHECK, FORGET, TAKE_TURN
from core_service.status.concerns import ConcernKind, ServerConcern, Thresholds, concerns
from core_service.status.facts import Facts
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
PATIENCE_SECONDS = 300
"""Seconds for which something must not have been found before it is over. What comes and goes is told once."""
LOCK = 0x414C455254  # "ALERT"


class Alerts:
    """The background job. Every core checks, because each knows its own disk; what all of them find is one alert."""

    def __init__(
        self,
        pool: Pool,
        facts: Callable[[], Awaitable[Facts]],
        limits: Thresholds,
        recipients: Sequence[str],
        on_messages: Callable[[], None],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        machine: str = "",
    ) -> None:
        """`recipients` (see AlertMessage.recipient) are told. `on_messages` is called when messages were queued.
        `machine` names the one whose disk it is, by default this one."""
        self._pool = pool
        self._facts = facts
        self._limits = limits
        self._recipients = list(recipients)
        self._on_messages = on_messages
        self._patience_seconds = patience_seconds
        self._machine = machine or socket.gethostname()

    async def run(self) -> None:
        """Checks every minute, until cancelled."""
        while True:
            try:
                await self.check()
            except DATABASE_AWAY as error:
                log.debug("nothing is checked, the database is away: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

    async def check(self) -> None:
        """Checks once. Raises one of DATABASE_AWAY; then nothing was told, and the next check finds the same."""
        found = [self._own(one) for one in concerns(await self._facts(), self._limits)]
        parameters = {
            "kinds": [one.kind.value for one in found],
            "subjects": [one.subject for one in found],
            "explanations": [one.explanation for one in found],
            "recipients": self._recipients,
            "patience": self._patience_seconds,
        }
        async with self._pool.connection() as connection, connection.transaction():
            # One core after the other: of two that find the same at the same time, the second finds it told.
            await connection.execute(TAKE_TURN, (LOCK,))
            # The alert and its messages are one statement: neither is there without the other.
            news = await (await connection.execute(CHECK, parameters)).fetchall()
            await connection.execute(FORGET)
        for kind, explanation, is_end in news:
            log.warning("%s: %s %s", "no longer needs attention" if is_end else "needs attention", kind, explanation)
        if news and self._recipients:
            self._on_messages()

    def _own(self, concern: ServerConcern) -> ServerConcern:
        if concern.kind is not ConcernKind.DISK:
            return concern
        return replace(concern, subject=self._machine, explanation=f"{self._machine}: {concern.explanation}")
