"""All simulated phones: pairing, keeping, and what people do with them."""

import asyncio
import contextlib
import logging
import uuid
from typing import Any

from simulator.apns.directory import TokenDirectory
from simulator.phones.client import GatewayClient, GatewayError
from simulator.phones.phone import Phone, PhoneRecord, PhoneSettings, ScreenRecord, fresh_token
from simulator.phones.screen import describe
from simulator.phones.store import PhoneStore

log = logging.getLogger(__name__)

MAX_PHONES = 1000
SAVE_SECONDS = 5.0


class PhoneError(Exception):
    """The phone cannot do that, with the HTTP status that says it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class PhoneService:
    """The phones.

    Methods that speak to the gateway raise GatewayError, those that a phone cannot do raise PhoneError.
    """

    def __init__(self, bundle_id: str, store: PhoneStore, gateway: GatewayClient, directory: TokenDirectory) -> None:
        self._bundle_id = bundle_id
        self._store = store
        self._gateway = gateway
        self._directory = directory
        self._phones: dict[str, Phone] = {}
        self._pairing = 0
        self._saving = asyncio.Lock()
        self._reports: dict[str, asyncio.Task[None]] = {}
        self._saver: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Loads the phones of earlier runs. Raises ValueError or OSError if their files cannot be read."""
        for record, screen in await asyncio.to_thread(self._store.load):
            self._phones[record.id] = Phone(record, screen, self._directory)
        self._saver = asyncio.create_task(self._save_screens_regularly())

    async def stop(self) -> None:
        """Saves all screens."""
        tasks = [*self._reports.values(), *([self._saver] if self._saver else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._save_screens()

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

    async def pair(self, pairing_code: str, name: str) -> Phone:
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
                push_token=fresh_token(),
                push_to_start_token=fresh_token(),
            )
            phone = Phone(record, ScreenRecord(), self._directory)
            try:
                await self._report(phone)
            except GatewayError:
                phone.forget_tokens()
                with contextlib.suppress(GatewayError):
                    await self._gateway.unpair(pairing.device_token)
                raise
        finally:
            self._pairing -= 1
        self._phones[record.id] = phone
        await self._save_phones()
        return phone

    async def delete(self, phone: Phone) -> None:
        """Unpairs the phone and forgets it. One that the server no longer knows is forgotten just the same."""
        try:
            await self._gateway.unpair(phone.record.device_token)
        except GatewayError as error:
            if error.status not in (401, 404):
                raise
        self._cancel_report(phone)
        phone.forget_tokens()
        self._phones.pop(phone.record.id, None)
        await self._save_phones()
        async with self._saving:
            await asyncio.to_thread(self._store.delete_screen, phone.record.id)

    async def change_settings(self, phone: Phone, settings: PhoneSettings) -> None:
        """Changes how the phone behaves. Back online it reports tokens that it could not report before."""
        was_offline = phone.record.settings.offline
        phone.apply(settings)
        await self._save_phones()
        if was_offline and not settings.offline:
            await self._report_when_due(phone)

    async def rotate_token(self, phone: Phone) -> None:
        """Gives the phone a new push token and reports it, at once or as late as its settings say."""
        _require_app(phone)
        phone.rotate_token()
        await self._save_phones()
        if not phone.record.settings.offline:
            await self._report_when_due(phone)

    async def uninstall(self, phone: Phone) -> None:
        """Removes the app from the phone, behind the server's back."""
        self._cancel_report(phone)
        phone.uninstall()
        await self._save_phones()

    # --- taps ---

    async def tap(self, phone: Phone, action_id: str | None, notification_id: str | None) -> dict[str, Any]:
        """Taps a button, or without `action_id` the notification itself: the newest, or the one named."""
        _require_app(phone)
        for notification in reversed([describe(one) for one in phone.screen.newest()]):
            if notification_id not in (None, notification["id"], notification["notification_id"]):
                continue
            if action_id is None:
                return {"opened": notification["redirection"] or notification["media"]}
            for action in notification["actions"]:
                if action.get("id") == action_id:
                    return await self._run(phone, action)
        raise PhoneError(404, "Nothing like that is on the phone's screen.")

    async def _run(self, phone: Phone, action: dict[str, Any]) -> dict[str, Any]:
        if action.get("type") == "open_url":
            return {"opened": action.get("url")}
        if phone.record.settings.offline:
            raise PhoneError(409, "The phone is offline: it cannot reach the server.")
        return await self._gateway.run_action(phone.record.device_token, str(action["id"]))

    # --- reporting tokens ---

    async def _report(self, phone: Phone) -> None:
        record = phone.record
        reported = record.push_token
        await self._gateway.put_tokens(
            record.device_token,
            {
                "push_token": reported,
                "push_to_start_token": record.push_to_start_token,
                "environment": record.environment,
                "bundle_id": record.bundle_id,
                "os_version": record.os_version,
                "frequent_pushes_enabled": True,
            },
        )
        record.tokens_reported = record.push_token == reported

    async def _report_when_due(self, phone: Phone) -> None:
        delay = phone.record.settings.token_delay_seconds
        self._cancel_report(phone)
        if delay is None or phone.record.tokens_reported or not phone.record.installed:
            return
        if delay:
            self._reports[phone.record.id] = asyncio.create_task(self._report_later(phone, delay))
            return
        await self._report(phone)
        await self._save_phones()

    async def _report_later(self, phone: Phone, delay: float) -> None:
        await asyncio.sleep(delay)
        try:
            if not phone.record.settings.offline:
                await self._report(phone)
                await self._save_phones()
        except GatewayError as error:
            log.warning("phone %s could not report its token: %s", phone.record.id, error)
        finally:
            if self._reports.get(phone.record.id) is asyncio.current_task():
                del self._reports[phone.record.id]

    def _cancel_report(self, phone: Phone) -> None:
        task = self._reports.pop(phone.record.id, None)
        if task is not None:
            task.cancel()

    # --- keeping ---

    async def _save_phones(self) -> None:
        async with self._saving:
            records = [phone.record.model_copy(deep=True) for phone in self._phones.values()]
            await asyncio.to_thread(self._store.save_phones, records)

    async def _save_screens_regularly(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self._save_screens()
            except OSError as error:
                log.warning("screens cannot be saved: %s", error)

    async def _save_screens(self) -> None:
        for phone in self.all():
            if phone.changed:
                async with self._saving:
                    if phone.record.id not in self._phones:
                        continue
                    phone.changed = False
                    try:
                        await asyncio.to_thread(self._store.save_screen, phone.record.id, phone.screen_record())
                    except OSError:
                        phone.changed = True
                        raise


def _require_app(phone: Phone) -> None:
    if not phone.record.installed:
        raise PhoneError(409, "The app is not installed on this phone any more.")
