"""Records wrong guesses: a log line for each, and now and then an entry in audit logs. The entries are written later,
apart from the call: a call must not take longer because the e-mail address belongs to a person."""

import asyncio
import json
import logging
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from core_service.common.orm import new_id
from service_kit.database import DATABASE_AWAY, Pool

log = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
QUIET_SECONDS = 900.0
"""Least time between two audit entries about one person's failures. Hours of guessing must not fill an audit log."""
MAX_NOTED = 10_000
"""How many e-mail addresses are remembered. The oldest are forgotten first."""

MEMBERSHIPS = """
SELECT u.email, u.id, m.account_id FROM users u JOIN members m ON m.user_id = u.id
WHERE u.email = ANY(%s)
ORDER BY u.id, m.account_id
LIMIT 10000
"""

INSERT = """
INSERT INTO audit_entries (
    id, account_id, occurred_at, actor, actor_name, method, request, subject_id, client_address, request_id
)
SELECT e.id, e.account_id, now(), 'anonymous', '', e.method, e.request, e.user_id, NULLIF(e.client_address, ''), ''
FROM unnest(
    %(ids)s::uuid[], %(account_ids)s::uuid[], %(methods)s::text[], %(requests)s::text[], %(user_ids)s::uuid[],
    %(client_addresses)s::text[]
) AS e(id, account_id, method, request, user_id, client_address)
JOIN accounts a ON a.id = e.account_id
"""


def failed(what: str, client_address: str) -> None:
    """Logs a wrong guess at a sign-in, a pairing code or a link. Programs such as fail2ban read the line:
    docs/operating.md promises its form."""
    log.warning("failed %s from %s", what, client_address or "unknown")


def locked(what: str, client_address: str) -> None:
    """This guess was the last one for a while: further sign-ins are refused."""
    log.warning("locked %s from %s", what, client_address or "unknown")


@dataclass(slots=True)
class _Noted:
    failures: int = 0
    """Failures since the last entry."""
    client_address: str = ""
    """Address of the newest failure."""
    is_locked: bool = False
    """Sign-ins were locked since the last entry."""
    failed_at: float | None = None
    """When the last entry was written, by the monotonic clock."""
    locked_at: float | None = None

    def is_due(self, moment: float) -> bool:
        """Whether an entry should be written now."""
        if self.is_locked and _is_past(self.locked_at, moment):
            return True
        return self.failures > 0 and _is_past(self.failed_at, moment)


def _is_past(last: float | None, moment: float) -> bool:
    return last is None or moment - last >= QUIET_SECONDS


class FailedSignIns:
    """Collects failures by e-mail address. If the address belongs to a person, the audit logs of their accounts get an
    entry."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._noted: OrderedDict[str, _Noted] = OrderedDict()

    def note(self, email: str, client_address: str, *, locks: bool) -> None:
        """Notes a failed sign-in. `locks`: further sign-ins are now refused for a while."""
        noted = self._noted.setdefault(email, _Noted())
        self._noted.move_to_end(email)
        noted.failures += 1
        noted.client_address = client_address
        noted.is_locked = noted.is_locked or locks
        if len(self._noted) > MAX_NOTED:
            self._noted.popitem(last=False)

    async def run(self) -> None:
        """Writes the entries that are due, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes the entries that are due. If the database is away, they are kept for the next time."""
        moment = time.monotonic()
        due = {email: noted for email, noted in self._noted.items() if noted.is_due(moment)}
        if due:
            try:
                await self._write(due, moment)
            except DATABASE_AWAY as error:
                log.warning("failed sign-ins of %d people not written yet: %s", len(due), error)
                return
        for email in [email for email, noted in self._noted.items() if _is_over(noted, moment)]:
            del self._noted[email]

    async def _write(self, due: dict[str, _Noted], moment: float) -> None:
        told = {email: (noted, noted.failures, noted.is_locked, noted.client_address) for email, noted in due.items()}
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(MEMBERSHIPS, (sorted(told),), binary=True)
            rows = await cursor.fetchall()
            if rows:
                entries = [_entry(told[email][1:], email, user_id, account_id) for email, user_id, account_id in rows]
                await connection.execute(INSERT, {name: [one[name] for one in entries] for name in entries[0]})
        for noted, failures, is_locked, _ in told.values():
            noted.failures -= failures
            noted.failed_at = moment
            if is_locked:
                noted.is_locked, noted.locked_at = False, moment


def _entry(told: tuple[int, bool, str], email: str, user_id: uuid.UUID, account_id: uuid.UUID) -> dict[str, Any]:
    failures, is_locked, client_address = told
    return {
        "ids": new_id(),
        "account_ids": account_id,
        "methods": "SignInLocked" if is_locked else "SignInFailed",
        "requests": json.dumps({"email": email, "failures": failures}),
        "user_ids": user_id,
        "client_addresses": client_address,
    }


def _is_over(noted: _Noted, moment: float) -> bool:
    return not noted.failures and _is_past(noted.failed_at, moment) and _is_past(noted.locked_at, moment)
