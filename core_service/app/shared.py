"""What the parts of a core share."""

import uuid
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from core_service.app.delivery_clients import DeliveryClients
from core_service.auth.rate_limit import RateLimiter
from core_service.common.clock import Clock
from core_service.events.service import EventBus
from core_service.settings import CoreSettings
from core_service.statistics.service import Counters
from core_service.work_queue.gathering import Gathering
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from service_kit.database import Pool


@dataclass(frozen=True, slots=True)
class Shared:
    """What most parts are built with. There is one of each."""

    settings: CoreSettings
    requests: Pool
    """The connections for callers."""
    batches: Pool
    """Those for work that many callers share."""
    engine: AsyncEngine
    clock: Clock
    delivery: DeliveryClients
    events: EventBus
    counters: Counters
    rate_limiter: RateLimiter
    account_limit: KeyedLimiter[uuid.UUID]
    """How many of the connections for callers one account's large writes may take."""
    crowd: Crowd
    gathering: Gathering
