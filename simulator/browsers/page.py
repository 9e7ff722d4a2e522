"""The page in a browser and its worker, as the server hears of them: they report subscriptions and dismissals."""

import asyncio
import contextlib
import logging

from simulator.browsers.browser import Browser
from simulator.phones.client import GatewayClient, GatewayError

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.2, 5.0


class Page:
    """The page of one browser. It makes the calls to the server that the browser's record still needs."""

    def __init__(self, browser: Browser, gateway: GatewayClient) -> None:
        self._browser = browser
        self._gateway = gateway
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._talking = asyncio.Lock()

    def wake(self) -> None:
        """Makes it do its due calls in the background, until none is left."""
        self._hurry.set()
        if self._has_duties() and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Ends the background work. Calls that are due stay due."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def open(self) -> None:
        """The person opens the page: it subscribes if it must, and always reports. Raises GatewayError."""
        self._browser.visited()
        async with self._talking:
            await self._subscribe_if_needed()
            self._browser.record.reported = False
            await self._report()

    async def report(self) -> None:
        """Does now what is due. Raises GatewayError."""
        async with self._talking:
            await self._report()

    async def lost_subscription(self) -> None:
        """`pushsubscriptionchange`: the worker subscribes again and reports, without the page. Raises GatewayError."""
        async with self._talking:
            await self._subscribe_if_needed()
            await self._report()

    # --- in the background ---

    def _has_duties(self) -> bool:
        record = self._browser.record
        if record.settings.offline or self._browser.forgotten:
            return False
        return bool(record.dismissed) or (record.subscription is not None and not record.reported)

    async def _work(self) -> None:
        retry = FIRST_RETRY_SECONDS
        while self._has_duties():
            self._hurry.clear()
            try:
                await self.report()
                retry = FIRST_RETRY_SECONDS
            except GatewayError as error:
                log.warning("browser %s cannot tell the server everything: %s", self._browser.record.id, error)
                if error.status == 401:
                    # The server does not know the browser any more: a retry would not help.
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), retry)
                retry = min(2 * retry, LAST_RETRY_SECONDS)

    # --- what it says to the server ---

    async def _subscribe_if_needed(self) -> None:
        """A subscription belongs to the server's key: with another one it takes no more pushes."""
        record = self._browser.record
        if not record.settings.notifications_enabled:
            return
        key = await self._gateway.web_push_key(record.device_token)
        if record.subscription is None or record.subscription.key != key:
            self._browser.subscribe(key)

    async def _report(self) -> None:
        record = self._browser.record
        document = self._browser.subscription_json()
        if document is not None and not record.reported:
            await self._gateway.put_web_subscription(record.device_token, {**document, "page_url": record.page_url})
            # Another may have taken its place meanwhile.
            record.reported = self._browser.subscription_json() == document
        for activity_id in list(record.dismissed):
            await self._dismissed(activity_id)
        self._browser.on_change()

    async def _dismissed(self, activity_id: str) -> None:
        record = self._browser.record
        try:
            await self._gateway.report_dismissed(record.device_token, activity_id)
        except GatewayError as error:
            if error.status != 404:
                raise
        record.dismissed = [one for one in record.dismissed if one != activity_id]
