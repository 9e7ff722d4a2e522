"""The app on a phone: it reports tokens and dismissals, and catches up after the phone was offline."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple

from simulator.phones.catch_up import catch_up
from simulator.phones.client import GatewayClient, GatewayError
from simulator.phones.keeper import Keeper
from simulator.phones.phone import Phone
from simulator.phones.records import PhoneSettings

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.2
LAST_RETRY_SECONDS = 5.0


class _Duty(NamedTuple):
    """A call that the app has to make to the server."""

    due: float
    """When it is due, by the monotonic clock."""
    do: Callable[[], Awaitable[None]]


class App:
    """The app on one phone. It makes the calls to the server that the phone's record still needs."""

    def __init__(self, phone: Phone, gateway: GatewayClient, keeper: Keeper) -> None:
        self._phone = phone
        self._gateway = gateway
        self._keeper = keeper
        self._since: dict[str, float] = {}
        """When the app first knew a token that it must report, by the monotonic clock."""
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._talking = asyncio.Lock()
        phone.cards.on_urgent = self._on_urgent

    def wake(self) -> None:
        """Makes the app do its due calls to the server in the background, until none is left."""
        self._news.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    def restart(self) -> None:
        """The same, without waiting for the end of a back-off.

        A call under way is not repeated. Only a phone that goes offline cancels it.
        """
        if self._task is not None and self._phone.record.settings.offline:
            self._task.cancel()
            self._task = None
        self._hurry.set()
        self.wake()

    async def stop(self) -> None:
        """Ends the background work. Calls that are due stay due."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def report_push_tokens(self) -> None:
        """Reports the push and push-to-start tokens now. Raises GatewayError."""
        async with self._talking:
            if not self._phone.record.tokens_reported:
                await self._report_push_tokens()

    async def launch(self) -> None:
        """The person opens the app: it reports all its tokens and catches up. Raises GatewayError.

        Tokens that the settings withhold forever stay withheld. Tokens that are only late are reported now.
        """
        record = self._phone.record
        record.tokens_reported = record.tokens_reported and record.settings.token_delay_seconds is None
        self._phone.cards.request_catch_up()
        async with self._talking:
            await self._pay([duty for duty in self._duties() if duty.due < float("inf")])

    async def refresh_widgets(self) -> None:
        """iOS lets the widgets read what they show. Raises GatewayError."""
        async with self._talking:
            await self._refresh_widgets()

    def _on_urgent(self) -> None:
        self._keeper.save_soon(self._phone)
        self.wake()

    # --- in the background ---

    async def _work(self) -> None:
        retry = FIRST_RETRY_SECONDS
        while True:
            self._news.clear()
            self._hurry.clear()
            wait = min((duty.due for duty in self._duties()), default=float("inf")) - time.monotonic()
            if wait == float("inf"):
                return
            if wait > 0:
                await _set_within(self._news, wait)
                continue
            try:
                await self._pay_what_is_due()
                retry = FIRST_RETRY_SECONDS
            except (GatewayError, OSError) as error:
                if retry == FIRST_RETRY_SECONDS:
                    log.warning("phone %s cannot tell the server everything: %s", self._phone.record.id, error)
                if isinstance(error, GatewayError) and error.status == 401:
                    # The server does not know the phone any more: a retry would not help.
                    return
                hurried = await _set_within(self._hurry, retry)
                retry = FIRST_RETRY_SECONDS if hurried else min(2 * retry, LAST_RETRY_SECONDS)

    async def _pay_what_is_due(self) -> None:
        async with self._talking:
            now = time.monotonic()
            await self._pay([duty for duty in self._duties() if duty.due <= now])

    async def _pay(self, duties: list[_Duty]) -> None:
        # A call that fails must not keep the others waiting.
        errors: list[GatewayError] = []
        for duty in duties:
            try:
                await duty.do()
            except GatewayError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _duties(self) -> list[_Duty]:
        record = self._phone.record
        if record.settings.offline or not record.installed or self._phone.forgotten:
            return []
        return list(self._outstanding())

    def _outstanding(self) -> Iterator[_Duty]:
        phone, settings = self._phone, self._phone.record.settings
        known, self._since = self._since, {}

        def due(token: str, delay: float | None) -> float:
            since = self._since[token] = known.get(token, time.monotonic())
            return float("inf") if delay is None else since + delay

        if not phone.record.tokens_reported:
            tokens = phone.record.push_token + phone.record.push_to_start_token
            yield _Duty(due(tokens, settings.token_delay_seconds), self._report_push_tokens)
        for card in phone.cards.cards():
            if card.update_token is not None and card.report == "due":
                when = due(card.update_token, settings.update_token_delay_seconds)
                yield _Duty(when, _bind(self._report_update_token, card.activity_id))
        for activity_id in phone.cards.record.dismissed:
            yield _Duty(0.0, _bind(self._report_dismissed, activity_id))
        if phone.cards.record.catch_up_due:
            yield _Duty(0.0, self._catch_up)

    async def _refresh_widgets(self) -> None:
        record = self._phone.record
        widgets = await self._gateway.metrics(record.device_token)
        if widgets != record.widgets:
            record.widgets = widgets
            self._phone.note_change()
            await self._keeper.save_phones()

    # --- what it says to the server ---

    async def _report_push_tokens(self) -> None:
        record = self._phone.record
        settings = record.settings
        reported = (record.push_token, record.push_to_start_token, *_reported(settings))
        tokens = {
            "push_token": reported[0],
            "push_to_start_token": reported[1],
            "environment": record.environment,
            "bundle_id": record.bundle_id,
            "os_version": record.os_version,
            "frequent_pushes_enabled": settings.frequent_pushes_enabled,
            "content_version": settings.content_version,
        }
        await self._gateway.put_tokens(record.device_token, tokens)
        now = (record.push_token, record.push_to_start_token, *_reported(record.settings))
        record.tokens_reported = now == reported
        self._phone.note_change()
        await self._keeper.save_phones()

    async def _report_update_token(self, activity_id: str) -> None:
        card = self._phone.cards.find(activity_id)
        if card is None or card.update_token is None:
            return
        token = card.update_token
        # Save the token first: the server must not know a token that the simulator would lose if it were killed now.
        await self._keeper.save_activities(self._phone)
        taken = await self._tell(self._gateway.put_update_token(self._phone.record.device_token, activity_id, token))
        self._phone.cards.token_reported(card, token, taken=taken)

    async def _report_dismissed(self, activity_id: str) -> None:
        await self._tell(self._gateway.report_dismissed(self._phone.record.device_token, activity_id))
        self._phone.cards.dismissal_reported(activity_id)

    async def _tell(self, call: Awaitable[None]) -> bool:
        try:
            await call
        except GatewayError as error:
            if error.status != 404:
                raise
            return False
        return True

    async def _catch_up(self) -> None:
        phone = self._phone
        phone.pass_time()
        version = phone.cards.version
        try:
            described = await self._gateway.live_activities(phone.record.device_token)
        except GatewayError as error:
            if error.status != 404:
                raise
            phone.cards.caught_up()
            return
        # A push may have come meanwhile and be newer than the answer: then the app asks again.
        if phone.cards.version == version and not phone.record.settings.offline:
            for drop in catch_up(phone.cards, described):
                phone.count(drop)
            phone.cards.caught_up()


def _bind(do: Callable[[str], Awaitable[None]], activity_id: str) -> Callable[[], Awaitable[None]]:
    return lambda: do(activity_id)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        return await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False


def _reported(settings: PhoneSettings) -> tuple[bool, int]:
    """What the app reports with its tokens, of what may change."""
    return settings.frequent_pushes_enabled, settings.content_version
