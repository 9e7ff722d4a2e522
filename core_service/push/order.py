"""A notification that is to be recorded, and the parameters of the statements that record it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.arrays import numbers, texts, timestamps, uuids
from core_service.identity.principal import ApiKeyPrincipal, ChannelRef, DevicePrincipal, Sender, ServerPrincipal
from core_service.push.content import Content
from core_service.push.queries import action_columns
from service_kit.tracing import Origin

MAX_BYTES_TOGETHER = 16_384
"""Bytes of one notification that is recorded with others."""


@dataclass(frozen=True, slots=True)
class Order:
    """A notification as it was asked for."""

    id: uuid.UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    caller: Sender | DevicePrincipal | ServerPrincipal
    content: Content
    payload: bytes
    channels: tuple[ChannelRef, ...] | None
    """Whom it is for; None for the whole account, one device or one person."""
    device_id: uuid.UUID | None
    """The only device that it is for."""
    replay_of: uuid.UUID | None
    """The notification that is sent again."""
    origin: Origin
    """The request that asks for it."""
    person_id: uuid.UUID | None = None
    """The only person whose devices it is for."""

    @property
    def account_id(self) -> uuid.UUID:
        """The account whose devices it is for."""
        return self.caller.account_id

    @property
    def audience(self) -> tuple[uuid.UUID, tuple[ChannelRef, ...] | None]:
        """What decides how many devices it is for."""
        return self.caller.account_id, self.channels

    @property
    def is_usual(self) -> bool:
        """Whether it may be recorded with others: a backend sends it, and they would not wait for its bytes."""
        if not isinstance(self.caller, ApiKeyPrincipal) or self.device_id is not None:
            return False
        bodies = sum(len(action.body or "") for action in self.content.actions)
        return len(self.payload) + len(self.content.metadata or "") + bodies <= MAX_BYTES_TOGETHER


def parameters(order: Order) -> dict[str, Any]:
    """What the statements that record one notification need of it."""
    caller, content, channels = order.caller, order.content, order.channels
    return {
        "notification_id": order.id,
        "account_id": caller.account_id,
        "api_key_id": caller.api_key_id if isinstance(caller, ApiKeyPrincipal) else None,
        "user_id": None if isinstance(caller, ApiKeyPrincipal | ServerPrincipal) else caller.user_id,
        "replay_of": order.replay_of,
        "title": content.title,
        "message": content.message,
        "payload": order.payload,
        "channel_slugs": None if channels is None else [channel.slug for channel in channels],
        "channel_ids": None if channels is None else [channel.id for channel in channels],
        "device_id": order.device_id,
        "person_id": order.person_id,
        "tags": list(content.tags) if content.tags else None,
        "metadata": content.metadata,
        "created_at": order.created_at,
        "expires_at": order.expires_at,
        **action_columns(content.actions),
    }


def parameters_together(orders: Sequence[Order]) -> dict[str, Any]:
    """What the statement that records several notifications of API keys needs of them."""
    actions = [
        (place, position, action)
        for place, order in enumerate(orders, 1)
        for position, action in enumerate(order.content.actions, 1)
    ]
    return {
        "ids": uuids(order.id for order in orders),
        "account_ids": uuids(order.caller.account_id for order in orders),
        "api_key_ids": uuids(order.caller.api_key_id for order in orders if isinstance(order.caller, ApiKeyPrincipal)),
        "titles": texts(order.content.title for order in orders),
        "messages": texts(order.content.message for order in orders),
        "payloads": [order.payload for order in orders],
        "channel_slugs": texts(_slugs(order.channels) for order in orders),
        "channel_ids": texts(_channel_ids(order.channels) for order in orders),
        "tags": texts(texts(order.content.tags) if order.content.tags else None for order in orders),
        "metadata": texts(order.content.metadata for order in orders),
        "created_at": timestamps(order.created_at for order in orders),
        "expires_at": timestamps(order.expires_at for order in orders),
        "action_places": numbers(place for place, _, _ in actions),
        "action_positions": numbers(position for _, position, _ in actions),
        **action_columns([action for _, _, action in actions]),
    }


def _slugs(channels: Sequence[ChannelRef] | None) -> str | None:
    return None if channels is None else texts(channel.slug for channel in channels)


def _channel_ids(channels: Sequence[ChannelRef] | None) -> str | None:
    return None if channels is None else uuids(channel.id for channel in channels)
