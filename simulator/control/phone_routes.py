"""Control of the simulated phones and of what is on their screens, and their JSON."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.control.json_http import ControlError, answer, invalid, read_limit, read_model, read_object, validate
from simulator.phones.activity_card import ActivityCard
from simulator.phones.client import GatewayError
from simulator.phones.phone import Phone
from simulator.phones.records import PhoneSettings
from simulator.phones.screen import CAPACITY, describe
from simulator.phones.service import PhoneError, PhoneService

MAX_WAIT_SECONDS = 30


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewPhone(_Body):
    """A phone to pair."""

    pairing_code: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    os_version: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){0,2}$")] = "18.2"


class NewStartToken(_Body):
    """What happens to the replaced push-to-start token."""

    old: Literal["dead", "silent"] = "dead"
    """`silent`: APNs still accepts it, but the phone shows nothing."""


class Tap(_Body):
    """The target of a tap: a button by its `action_id`, or the notification."""

    action_id: Annotated[str, Field(max_length=200)] | None = None
    notification_id: Annotated[str, Field(max_length=200)] | None = None
    """The notification's `id` or `notification_id`. Without it the newest matching one."""


class PhoneRoutes:
    """Everything under /phones."""

    def __init__(self, phones: PhoneService) -> None:
        self._phones = phones

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        note, card = "/phones/{id}/notifications", "/phones/{id}/live-activities/{activity_id}"
        return [
            Route("/phones", self.list_phones, methods=["GET"]),
            Route("/phones", self.pair, methods=["POST"]),
            # Before the routes of single phones.
            Route("/phones/changes", self.list_changes, methods=["GET"]),
            Route("/phones/{id}", self.show, methods=["GET"]),
            Route("/phones/{id}", self.delete, methods=["DELETE"]),
            Route("/phones/{id}/settings", self.change_settings, methods=["POST"]),
            Route("/phones/{id}/rotate-token", self.rotate_token, methods=["POST"]),
            Route("/phones/{id}/rotate-start-token", self.rotate_start_token, methods=["POST"]),
            Route("/phones/{id}/open", self.open, methods=["POST"]),
            Route("/phones/{id}/refresh-widgets", self.refresh_widgets, methods=["POST"]),
            Route("/phones/{id}/uninstall", self.uninstall, methods=["POST"]),
            Route("/phones/{id}/tap", self.tap, methods=["POST"]),
            Route(f"{note}/{{notification_id}}/dismiss", self.dismiss_notification, methods=["POST"]),
            Route(f"{note}/clear", self.clear_notifications, methods=["POST"]),
            Route(f"{card}/dismiss", self.dismiss_activity, methods=["POST"]),
            Route(f"{card}/rotate-token", self.rotate_update_token, methods=["POST"]),
        ]

    async def list_phones(self, _: Request) -> Response:
        """All phones, without their screens."""
        return answer({"phones": [identity(phone) for phone in self._phones.all()]})

    async def pair(self, request: Request) -> Response:
        """Pairs a new phone through the gateway, whose errors are passed on."""
        body = await read_model(request, NewPhone)
        return answer(
            with_screen(await self._phones.pair(body.pairing_code, body.name, body.os_version), CAPACITY), 201
        )

    async def show(self, request: Request) -> Response:
        """A phone with its screen, newest last; `limit` picks the newest."""
        limit = read_limit(request, default=CAPACITY, maximum=CAPACITY)
        return answer(with_screen(self._phone(request), limit))

    async def delete(self, request: Request) -> Response:
        """Unpairs a phone through the gateway and forgets it."""
        phone = self._phone(request)
        await self._phones.delete(phone)
        return answer({"deleted": phone.record.id})

    async def change_settings(self, request: Request) -> Response:
        """Changes the settings that are named; the rest stays."""
        change = await read_object(request)
        phone = self._phone(request)
        settings = validate(PhoneSettings, {**phone.record.settings.model_dump(), **change})
        await self._phones.change_settings(phone, settings)
        return answer(identity(phone))

    async def rotate_token(self, request: Request) -> Response:
        """Gives the phone a new push token."""
        phone = self._phone(request)
        await self._phones.rotate_token(phone)
        return answer(identity(phone))

    async def rotate_start_token(self, request: Request) -> Response:
        """Gives the phone a new push-to-start token."""
        body = await read_model(request, NewStartToken)
        phone = self._phone(request)
        await self._phones.rotate_start_token(phone, silently=body.old == "silent")
        return answer(identity(phone))

    async def open(self, request: Request) -> Response:
        """The person opens the app. Answers with the phone and its screen once the app has reported and caught up."""
        phone = self._phone(request)
        await self._phones.open(phone)
        return answer(with_screen(phone, CAPACITY))

    async def refresh_widgets(self, request: Request) -> Response:
        """Lets the phone's widgets read what they show."""
        phone = self._phone(request)
        await self._phones.refresh_widgets(phone)
        return answer(identity(phone))

    async def uninstall(self, request: Request) -> Response:
        """Removes the app without telling the server."""
        phone = self._phone(request)
        await self._phones.uninstall(phone)
        return answer(identity(phone))

    async def tap(self, request: Request) -> Response:
        """Taps a notification or one of its buttons. Answers what opened, or the server's answer."""
        body = await read_model(request, Tap)
        return answer(await self._phones.tap(self._phone(request), body.action_id, body.notification_id))

    async def dismiss_notification(self, request: Request) -> Response:
        """The person takes a notification, named by its `id`, off the screen."""
        notification_id = request.path_params["notification_id"]
        self._phones.dismiss_notification(self._phone(request), notification_id)
        return answer({"dismissed": notification_id})

    async def clear_notifications(self, request: Request) -> Response:
        """The person clears all notifications and the badge."""
        return answer({"cleared": self._phones.clear_notifications(self._phone(request))})

    async def dismiss_activity(self, request: Request) -> Response:
        """The person takes the Live Activity off the screen."""
        activity_id = request.path_params["activity_id"]
        self._phones.dismiss(self._phone(request), activity_id)
        return answer({"dismissed": activity_id})

    async def rotate_update_token(self, request: Request) -> Response:
        """Gives the Live Activity a new update token."""
        phone = self._phone(request)
        card = self._phones.rotate_update_token(phone, request.path_params["activity_id"])
        return answer(card_json(card, phone.now()))

    async def list_changes(self, request: Request) -> Response:
        """The ids of phones that have changed since `since`, the `version` of an earlier answer. Waits for the first
        for up to `wait_seconds`. If `complete`, the answer names all existing phones, because earlier changes are
        unknown."""
        since, seconds = request.query_params.get("since", ""), read_wait(request)
        news = await self._phones.changes.wait(since, seconds, self._phones.pass_time)
        if news is None:
            raise ControlError(503, "Service unavailable", "Too many clients are waiting for changes. Try again.")
        if news.phones is None:
            everybody = [phone.record.id for phone in self._phones.all()]
            return answer({"version": news.version, "phones": everybody, "complete": True})
        return answer({"version": news.version, "phones": news.phones, "complete": False})

    def _phone(self, request: Request) -> Phone:
        return self._phones.get(request.path_params["id"])


def read_wait(request: Request) -> int:
    """The query parameter `wait_seconds`. Raises ControlError unless it is a whole number from 0 to 30."""
    digits = request.query_params.get("wait_seconds", "0")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 3 and int(digits) <= MAX_WAIT_SECONDS):
        raise invalid(f"wait_seconds must be a whole number from 0 to {MAX_WAIT_SECONDS}.")
    return int(digits)


async def on_phone_error(_: Request, error: Exception) -> Response:
    """Answers a PhoneError."""
    assert isinstance(error, PhoneError)  # noqa: S101 - registered for this class only
    title = "Not found" if error.status == 404 else "Conflict"
    return answer({"error": title, "message": error.message}, error.status)


async def on_gateway_error(_: Request, error: Exception) -> Response:
    """Passes the gateway's error on."""
    assert isinstance(error, GatewayError)  # noqa: S101 - registered for this class only
    return answer(error.document, error.status)


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
        "widgets": record.widgets,
        "dropped": phone.cards.record.dropped,
    }


def with_screen(phone: Phone, limit: int) -> dict[str, Any]:
    """The phone with its Live Activities and its newest `limit` notifications, both oldest first."""
    now = phone.now()
    return {
        **identity(phone),
        "notifications": [describe(notification) for notification in phone.screen.newest(limit)],
        "notification_count": len(phone.screen),
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
        "channel_id": card.channel_id,
        "token_reported": card.report == "taken",
        "updates": card.updates,
        "alerts": card.alerts,
        "relevance_score": card.relevance_score,
        "stale_at": _iso(card.stale_at),
        "duplicate_starts": card.duplicate_starts,
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
