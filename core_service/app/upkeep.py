"""What is noted in passing and written later, and what keeps the tables in order."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core_service.account_data.erasing import Eraser
from core_service.app.queues import QUEUES
from core_service.app.senders import Senders
from core_service.app.shared import Shared
from core_service.auth.credentials import LastUsed
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.common.jobs import Job
from core_service.idempotency.service import IdempotentRequests
from core_service.retention.service import Ages, Retention
from core_service.sending.revival import Revival
from core_service.settings import CoreSettings
from core_service.statistics.service import Counters
from core_service.work_queue.janitor import Janitor


class Noted(Protocol):
    """Something kept in memory until it is written."""

    async def flush(self) -> None:
        """Writes it now."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One for each purpose. None runs until its job does."""

    last_used: LastUsed
    failed_sign_ins: FailedSignIns
    counters: Counters
    idempotent: IdempotentRequests
    eraser: Eraser
    retention: Retention
    revival: Revival
    janitor: Janitor

    @property
    def jobs(self) -> Sequence[Job]:
        """All of them."""
        return (
            self.last_used.run,
            self.failed_sign_ins.run,
            self.counters.run,
            self.idempotent.run,
            self.eraser.run,
            self.retention.run,
            self.revival.run,
            self.janitor.run,
        )

    @property
    def noted(self) -> Sequence[Noted]:
        """What has to be written before the core ends."""
        return self.last_used, self.failed_sign_ins, self.counters


def build_upkeep(shared: Shared, senders: Senders) -> Upkeep:
    """Builds it all."""
    batches = shared.batches
    return Upkeep(
        last_used=LastUsed(batches),
        failed_sign_ins=FailedSignIns(batches),
        counters=shared.counters,
        idempotent=IdempotentRequests(shared.requests),
        eraser=Eraser(batches, shared.engine),
        retention=Retention(batches, _ages_of(shared.settings), shared.clock),
        revival=_build_revival(shared, senders),
        janitor=Janitor(batches, QUEUES, shared.clock),
    )


def _build_revival(shared: Shared, senders: Senders) -> Revival:
    """What undoes deaths of tokens that were the server's fault."""
    revival = Revival(
        shared.batches,
        shared.events,
        shared.delivery.destinations.configuration,
        shared.clock,
        time_to_live=dt.timedelta(hours=shared.settings.notification_ttl_hours),
    )
    revival.wakes(*senders.wakes)
    senders.guarded.listen_for_faults(revival.is_proven)
    return revival


def _ages_of(settings: CoreSettings) -> Ages:
    """How long the server keeps what."""
    return Ages(
        delivery_log=dt.timedelta(days=settings.delivery_log_days),
        history=dt.timedelta(days=settings.history_days),
        audit_log=dt.timedelta(days=settings.audit_log_days),
        request_log=dt.timedelta(days=settings.request_log_days),
    )
