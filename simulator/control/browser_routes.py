"""Control of the simulated browsers and of what is on their screens, and their JSON."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.browsers.browser import Browser
from simulator.browsers.records import BrowserSettings
from simulator.browsers.screen import CAPACITY
from simulator.browsers.service import BrowserService
from simulator.browsers.shown import card_json, describe
from simulator.control.json_http import ControlError, answer, read_limit, read_model, read_object, validate
from simulator.control.phone_routes import Tap, read_wait
from simulator.web_push.kinds import Kind


class NewBrowser(BaseModel):
    """A browser to pair."""

    model_config = ConfigDict(extra="forbid")

    pairing_code: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Kind = Kind.CHROME


class Loss(BaseModel):
    """How a subscription is lost."""

    model_config = ConfigDict(extra="forbid", strict=True)

    silently: bool = False
    """Senders are answered as before, and the worker is not told."""


class BrowserRoutes:
    """Everything under /browsers."""

    def __init__(self, browsers: BrowserService) -> None:
        self._browsers = browsers

    def routes(self) -> list[BaseRoute]:
        """The routes, for the application."""
        one = "/browsers/{id}"
        return [
            Route("/browsers", self.list_browsers, methods=["GET"]),
            Route("/browsers", self.pair, methods=["POST"]),
            # Before the routes of single browsers.
            Route("/browsers/changes", self.list_changes, methods=["GET"]),
            Route(one, self.show, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/settings", self.change_settings, methods=["POST"]),
            Route(f"{one}/open", self.open, methods=["POST"]),
            Route(f"{one}/lose-subscription", self.lose_subscription, methods=["POST"]),
            Route(f"{one}/tap", self.tap, methods=["POST"]),
            Route(f"{one}/notifications/{{shown_id}}/dismiss", self.dismiss, methods=["POST"]),
            Route(f"{one}/live-activities/{{shown_id}}/dismiss", self.dismiss, methods=["POST"]),
            Route(f"{one}/notifications/clear", self.clear, methods=["POST"]),
        ]

    async def list_browsers(self, _: Request) -> Response:
        """All browsers, without their screens."""
        return answer({"browsers": [identity(browser) for browser in self._browsers.all()]})

    async def pair(self, request: Request) -> Response:
        """Pairs a new browser through the gateway, whose errors are passed on."""
        body = await read_model(request, NewBrowser)
        browser = await self._browsers.pair(body.pairing_code, body.name, body.kind)
        return answer(with_screen(browser, CAPACITY), 201)

    async def show(self, request: Request) -> Response:
        """A browser with its screen, newest last; `limit` picks the newest notifications."""
        limit = read_limit(request, default=CAPACITY, maximum=CAPACITY)
        return answer(with_screen(self._browser(request), limit))

    async def delete(self, request: Request) -> Response:
        """Unpairs a browser through the gateway and forgets it."""
        browser = self._browser(request)
        await self._browsers.delete(browser)
        return answer({"deleted": browser.record.id})

    async def change_settings(self, request: Request) -> Response:
        """Changes the settings that are named; the rest stays."""
        change = await read_object(request)
        browser = self._browser(request)
        settings = validate(BrowserSettings, {**browser.record.settings.model_dump(), **change})
        await self._browsers.change_settings(browser, settings)
        return answer(identity(browser))

    async def open(self, request: Request) -> Response:
        """The person opens the page. Answers with the browser once the page has reported."""
        browser = self._browser(request)
        await self._browsers.open(browser)
        return answer(with_screen(browser, CAPACITY))

    async def lose_subscription(self, request: Request) -> Response:
        """The browser loses its subscription."""
        body = await read_model(request, Loss)
        browser = self._browser(request)
        await self._browsers.lose_subscription(browser, silently=body.silently)
        return answer(identity(browser))

    async def tap(self, request: Request) -> Response:
        """Taps a notification or one of its buttons. Answers what opened, or the server's answer."""
        body = await read_model(request, Tap)
        return answer(await self._browsers.tap(self._browser(request), body.action_id, body.notification_id))

    async def dismiss(self, request: Request) -> Response:
        """The person takes a notification or a Live Activity off the screen."""
        shown_id = request.path_params["shown_id"]
        self._browsers.dismiss(self._browser(request), shown_id)
        return answer({"dismissed": shown_id})

    async def clear(self, request: Request) -> Response:
        """The person clears all notifications but the Live Activities."""
        return answer({"cleared": self._browser(request).clear()})

    async def list_changes(self, request: Request) -> Response:
        """The ids of browsers that have changed since `since`, as `/phones/changes` answers for phones."""
        since, seconds = request.query_params.get("since", ""), read_wait(request)
        news = await self._browsers.changes.wait(since, seconds, _nothing)
        if news is None:
            raise ControlError(503, "Service unavailable", "Too many clients are waiting for changes. Try again.")
        changed = [one.record.id for one in self._browsers.all()] if news.phones is None else news.phones
        return answer({"version": news.version, "browsers": changed, "complete": news.phones is None})

    def _browser(self, request: Request) -> Browser:
        return self._browsers.get(request.path_params["id"])


def identity(browser: Browser) -> dict[str, Any]:
    """The browser without its screen."""
    record = browser.record
    subscription = record.subscription
    return {
        "id": record.id,
        "kind": record.kind,
        "name": record.name,
        "device_id": record.device_id,
        "page_url": record.page_url,
        "endpoint": subscription.endpoint if subscription else None,
        "reported": record.reported,
        "held": len(subscription.held) if subscription else 0,
        "quiet_pushes": record.quiet,
        "close_events": record.close_events,
        "settings": record.settings.model_dump(),
        "badge": record.badge,
        "dropped": record.dropped,
    }


def with_screen(browser: Browser, limit: int) -> dict[str, Any]:
    """The browser with its Live Activities and its newest `limit` other notifications, both oldest first. One that
    shows each change of an activity as a further notification has no Live Activities: they are among the others."""
    notifications = [describe(one) for one in browser.record.shown if not browser.is_card(one)]
    cards = [card_json(one, browser.now()) for one in browser.record.shown if browser.is_card(one)]
    return {**identity(browser), "notifications": notifications[-limit:], "live_activities": cards}


def _nothing() -> None:
    """Time alone changes no browser."""
