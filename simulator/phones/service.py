"""All simulated phones: pairing, and actions of people."""

import asyncio
import contextlib
import functools
import uuid
from typing import Any

from simulator.apns.directory import TokenDirectory
from simulator.clock import Clock
from simulator.phones.activity_card import ActivityCard
from simulator.phones.app import App
from simulator.phones.changes import Changes
from simulator.phones.client import GatewayClient, GatewayError
from simulator.phones.keeper import Keeper
from simulator.phones.phone import Phone
from simulator.phones.records import LiveActivitiesRecord, PhoneRecord, PhoneSettings, ScreenRecord
from simulator.phones.screen import describe
from simulator.phones.store import PhoneStore
from simulator.phones.tokens import fresh_token

MAX_PHONES = 1000


class PhoneError(Exception):
    """The phone cannot do that. Has the HTTP status for the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class PhoneService:
    """The phones.

    Methods that call the gateway raise GatewayError. If a phone cannot do something, they raise PhoneError.
    """

    def __init__(
        self, bundle_id: str, store: PhoneStore, gateway: GatewayClient, directory: TokenDirectory, clock: Clock
    ) -> None:
        self._bundle_id = bundle_id
        self._store = store
        self._gateway = gateway
        self._directory = directory
        self._clock = clock
        self.changes = Changes()
        self._phones: dict[str, Phone] = {}
        self._apps: dict[str, App] = {}
        self._pairing = 0
        self._keeper = Keeper(store, self._phones.values)

    async def start(self) -> None:
        """Loads the phones of earlier runs. Raises ValueError or OSError if their files cannot be read."""
        for record, screen, activities in await asyncio.to_thread(self._store.load):
            self._add(Phone(record, screen, activities, self._directory, self._clock))
        if await asyncio.to_thread(self._store.begin):
            # The last run was killed, so the last seconds of the screens were not saved.
            for phone in self.all():
                phone.doubt_screen()
        self._keeper.start()
        for app in self._apps.values():
            app.wake()

    async def stop(self) -> None:
        """Saves all phones."""
        await asyncio.gather(*(app.stop() for app in self._apps.values()))
        await self._keeper.stop()
        await asyncio.to_thread(self._store.finish)

    # --- phones ---

    def all(self) -> list[Phone]:
        """All phones, oldest first."""
        return list(self._phones.values())

    def get(self, phone_id: str) -> Phone:
        """The phone with this id."""
        phone = self._phones.get(phone_id)
        if phone is None:
            raise PhoneError(404, f"There is no phone {phone_id[:100]!r}.")
        return phone

    def pass_time(self) -> None:
        """Ends and removes Live Activities whose time is over."""
        for phone in self._phones.values():
            phone.pass_time()

    async def pair(self, pairing_code: str, name: str, os_version: str) -> Phone:
        """A new phone that pairs with the code and registers its tokens."""
        if len(self._phones) + self._pairing >= MAX_PHONES:
            raise PhoneError(409, f"There are {MAX_PHONES} phones already.")
        self._pairing += 1
        try:
            pairing = await self._gateway.pair(pairing_code, name)
            record = PhoneRecord(
                id=str(uuid.uuid4()),
                name=name,
                device_id=pairing.device_id,
                device_token=pairing.device_token,
                bundle_id=self._bundle_id,
                os_version=os_version,
                push_token=fresh_token(),
                push_to_start_token=fresh_token(),
            )
            phone = Phone(record, ScreenRecord(), LiveActivitiesRecord(), self._directory, self._clock)
            app = App(phone, self._gateway, self._keeper)
            try:
                await app.report_push_tokens()
            except GatewayError:
                phone.forget()
                await app.stop()
                with contextlib.suppress(GatewayError):
                    await self._gateway.unpair(pairing.device_token)
                raise
        finally:
            self._pairing -= 1
        self._add(phone, app)
        await self._keeper.save_phones()
        return phone

    async def delete(self, phone: Phone) -> None:
        """Unpairs the phone and deletes it, also if the server no longer knows it."""
        try:
            await self._gateway.unpair(phone.record.device_token)
        except GatewayError as error:
            if error.status not in (401, 404):
                raise
        phone.forget()
        self._phones.pop(phone.record.id, None)
        app = self._apps.pop(phone.record.id, None)
        if app is not None:
            await app.stop()
        self.changes.note(phone.record.id)
        await self._keeper.save_phones()
        await self._keeper.delete(phone)

    async def change_settings(self, phone: Phone, settings: PhoneSettings) -> None:
        """Changes the phone's settings. When it comes back online, it makes its missed reports and catches up."""
        was_offline = phone.record.settings.offline
        phone.apply(settings)
        await self._keeper.save_phones()
        self._app(phone).restart()
        if was_offline and not settings.offline:
            await self._report_push_tokens(phone)

    async def rotate_token(self, phone: Phone) -> None:
        """Gives the phone a new push token and reports it, at once or as late as its settings say."""
        _require_app(phone)
        phone.rotate_token()
        await self._keeper.save_phones()
        await self._report_push_tokens(phone)

    async def rotate_start_token(self, phone: Phone, *, silently: bool) -> None:
        """Gives the phone a new push-to-start token and reports it the same way. `silently`: the old one seems to
        work."""
        _require_app(phone)
        phone.rotate_start_token(silently=silently)
        await self._keeper.save_phones()
        await self._report_push_tokens(phone)

    async def open(self, phone: Phone) -> None:
        """The person opens the app, which reports its tokens and catches up."""
        _require_app(phone)
        _require_network(phone)
        await self._app(phone).launch()

    async def refresh_widgets(self, phone: Phone) -> None:
        """The widgets read what they show. A real phone lets them about every 15 minutes."""
        _require_app(phone)
        _require_network(phone)
        await self._app(phone).refresh_widgets()

    async def uninstall(self, phone: Phone) -> None:
        """Removes the app from the phone without telling the server."""
        phone.uninstall()
        await self._app(phone).stop()
        await self._keeper.save_phones()

    # --- notifications ---

    def dismiss_notification(self, phone: Phone, notification_id: str) -> None:
        """The person takes a notification off the screen."""
        if not phone.dismiss_notification(notification_id):
            raise PhoneError(404, "This notification is not on the phone's screen.")

    def clear_notifications(self, phone: Phone) -> int:
        """The person clears all notifications and the badge; returns how many there were."""
        return phone.clear_notifications()

    # --- Live Activities ---

    def card(self, phone: Phone, activity_id: str) -> ActivityCard:
        """The activity's card on the phone's screen."""
        card = phone.cards.find(activity_id)
        if card is None:
            raise PhoneError(404, "This Live Activity is not on the phone's screen.")
        return card

    def dismiss(self, phone: Phone, activity_id: str) -> None:
        """The person takes the activity off the screen; the app tells the server as soon as it can."""
        phone.cards.dismiss(self.card(phone, activity_id))

    def rotate_update_token(self, phone: Phone, activity_id: str) -> ActivityCard:
        """iOS issues a new update token, which the app reports as late as its settings say."""
        card = self.card(phone, activity_id)
        if card.state != "active":
            raise PhoneError(409, "This Live Activity has ended: it has no update token any more.")
        phone.cards.rotate_token(card)
        return card

    # --- taps ---

    async def tap(self, phone: Phone, action_id: str | None, notification_id: str | None) -> dict[str, Any]:
        """Taps a button, or without `action_id` the notification itself: the newest, or the one named.

        Buttons are those of notifications and, unless one is named, of Live Activities.
        """
        _require_app(phone)
        for notification in reversed([describe(one) for one in phone.screen.newest()]):
            if notification_id not in (None, notification["id"], notification["notification_id"]):
                continue
            if action_id is None:
                return {"opened": notification["redirection"] or notification["media"]}
            for action in notification["actions"]:
                if action.get("id") == action_id:
                    return await self._run(phone, action)
        if action_id is not None and notification_id is None:
            for action in [one for card in reversed(phone.cards.cards()) for one in card.actions]:
                if action["id"] == action_id:
                    return await self._run(phone, action)
        raise PhoneError(404, "There is no such notification or button on the phone's screen.")

    async def _run(self, phone: Phone, action: dict[str, Any]) -> dict[str, Any]:
        if action.get("type") == "open_url":
            return {"opened": action.get("url")}
        _require_network(phone)
        return await self._gateway.run_action(phone.record.device_token, str(action["id"]))

    # --- apps ---

    def _add(self, phone: Phone, app: App | None = None) -> None:
        self._phones[phone.record.id] = phone
        self._apps[phone.record.id] = app or App(phone, self._gateway, self._keeper)
        phone.on_change = functools.partial(self.changes.note, phone.record.id)
        phone.note_change()

    def _app(self, phone: Phone) -> App:
        app = self._apps.get(phone.record.id)
        if app is None:
            raise PhoneError(404, "The phone was deleted meanwhile.")
        return app

    async def _report_push_tokens(self, phone: Phone) -> None:
        # Report at once if the settings allow it, so that the caller learns of a failure. The app goes on trying.
        app, settings = self._app(phone), phone.record.settings
        app.wake()
        if not settings.offline and phone.record.installed and settings.token_delay_seconds == 0:
            await app.report_push_tokens()


def _require_app(phone: Phone) -> None:
    if not phone.record.installed:
        raise PhoneError(409, "The app is not installed on this phone any more.")


def _require_network(phone: Phone) -> None:
    if phone.record.settings.offline:
        raise PhoneError(409, "The phone is offline: it cannot reach the server.")
