"""All parts of a core that work whether requests come or not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core_service.app.queues import QUEUES
from core_service.app.senders import Draining, Senders, build_senders
from core_service.app.shared import Shared
from core_service.app.upkeep import Upkeep, build_upkeep
from core_service.common.jobs import Job
from core_service.push.recording import Recording
from core_service.status.service import ServerStatus
from core_service.status.wiring import OperatorArea, build_operator, running_status

if TYPE_CHECKING:
    from core_service.events.relay import EventRelay
    from core_service.single_sign_on.wiring import SingleSignOnArea


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services are built with besides what is shared, and the jobs that must run."""

    senders: Senders
    upkeep: Upkeep
    operator: OperatorArea
    status: ServerStatus
    relay: "EventRelay | None"
    """What ties this core to others; None without Redis."""
    single_sign_on: "SingleSignOnArea | None"
    """None if the settings name no provider."""

    @property
    def claiming(self) -> Sequence[Job]:
        """The jobs that take up work. They end first."""
        sign_on = [self.single_sign_on.recheck.run] if self.single_sign_on else []
        return *self.senders.claiming, *sign_on, self.operator.messages.run, self.operator.alerts.run

    @property
    def background(self) -> Sequence[Job]:
        """The others. They end once all is drained."""
        relay = [self.relay.run] if self.relay else []
        return *self.senders.writing, self.operator.messages.write, *self.upkeep.jobs, *relay

    @property
    def outgoing(self) -> Sequence[Draining]:
        """What has to be drained, in this order."""
        return *self.senders.outgoing, self.operator.messages, self.senders.recorder


@asynccontextmanager
async def built_parts(shared: Shared) -> AsyncIterator[Parts]:
    """Builds the parts. None of their jobs runs yet, but for the length of the block this core says in the database
    that it runs."""
    senders = build_senders(shared)
    upkeep = build_upkeep(shared, senders)
    operator = build_operator(
        shared.settings,
        shared.batches,
        QUEUES,
        shared.delivery.destinations,
        mails=shared.delivery.mails,
        webhooks=shared.delivery.webhooks,
        recording=Recording(shared.requests, senders.notifications, shared.events, shared.account_limit, shared.crowd),
        events=shared.events,
        clock=shared.clock,
    )
    async with AsyncExitStack() as stack:
        status, relay = await stack.enter_async_context(
            running_status(
                shared.settings.redis_url,
                senders.guarded,
                shared.events,
                shared.requests,
                shared.batches,
                *senders.wakes,
            )
        )
        single_sign_on = _build_single_sign_on(shared)
        if single_sign_on is not None:
            stack.push_async_callback(single_sign_on.aclose)
        yield Parts(senders, upkeep, operator, status, relay, single_sign_on)


def _build_single_sign_on(shared: Shared) -> "SingleSignOnArea | None":
    """What signs people in by way of a provider, if the settings name one. Authlib is loaded only then."""
    if shared.settings.oidc_issuer is None:
        return None
    from core_service.single_sign_on.wiring import build_single_sign_on

    return build_single_sign_on(shared.settings, shared.engine, shared.rate_limiter, shared.events)
