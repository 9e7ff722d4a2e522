"""What the delivery service is to broadcasts: it has channels made and deleted."""

import uuid
from dataclasses import dataclass
from typing import Protocol

from core_service.sending.port import Outcome


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a request for a channel."""

    outcome: Outcome
    channel_id: str = ""
    """As Apple wrote it; empty unless it was accepted."""


class ChannelRequests(Protocol):
    """Asks Apple: `GrpcChannelRequests`."""

    async def create(self, environment: str, bundle_id: str | None, request_id: uuid.UUID) -> Made:
        """Has a channel made. Whatever happens, there is an outcome."""

    async def delete(self, environment: str, bundle_id: str | None, channel_id: str, request_id: uuid.UUID) -> Outcome:
        """Has a channel deleted, for good. Whatever happens, there is an outcome."""
