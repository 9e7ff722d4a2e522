"""The JSON of phones in the control API."""

import datetime
from typing import Any

from simulator.phones.activity_card import ActivityCard
from simulator.phones.phone import Phone
from simulator.phones.screen import describe


def identity(phone: Phone) -> dict[str, Any]:
    """The phone without its screen."""
    record = phone.record
    return {
        "id": record.id,
        "name": record.name,
        "device_id": record.device_id,
        "bundle_id": record.bundle_id,
        "environment": record.environment,
        "os_version": record.os_version,
        "push_token": record.push_token,
        "push_to_start_token": record.push_to_start_token,
        "tokens_reported": record.tokens_reported,
        "installed": record.installed,
        "settings": record.settings.model_dump(),
        "badge": phone.badge,
        "dropped": phone.cards.record.dropped,
    }


def with_screen(phone: Phone, limit: int) -> dict[str, Any]:
    """The phone with its Live Activities and its newest `limit` notifications, both oldest first."""
    now = phone.now()
    return {
        **identity(phone),
        "notifications": [describe(notification) for notification in phone.screen.newest(limit)],
        "live_activities": [card_json(card, now) for card in phone.cards.cards()],
    }


def card_json(card: ActivityCard, now: float) -> dict[str, Any]:
    """A Live Activity as it looks at `now` (UNIX seconds)."""
    return {
        "activity_id": card.activity_id,
        "state": card.state,
        "stale": card.stale(now),
        "content_state": card.content_state,
        "actions": card.actions,
        "started_at": _iso(card.started_at),
        "updated_at": _iso(card.updated_at),
        "ended_at": _iso(card.ended_at),
        "dismiss_at": _iso(card.dismiss_at),
        "timestamp": card.timestamp,
        "update_token": card.update_token,
        "token_reported": card.report == "taken",
        "updates": card.updates,
        "alerts": card.alerts,
        "relevance_score": card.relevance_score,
        "stale_at": _iso(card.stale_at),
        "duplicate_starts": card.duplicate_starts,
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
