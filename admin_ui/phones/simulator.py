"""A client of the simulator's control API, for the lock screen page."""

import logging
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import httpx

from admin_ui.texts import _

log = logging.getLogger(__name__)

CALL_TIMEOUT = 10.0
WAIT_SECONDS = 20
"""Seconds that one request for changes may stay open."""
SHOWN_NOTIFICATIONS = 20
"""Most notifications of a phone that are shown."""


Devices = Literal["phones", "browsers"]


class SimulatorError(Exception):
    """The simulator refused a request or did not answer. `message` is a sentence for people."""

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_missing = is_missing
        """The phone, or what was named on it, does not exist."""


class Simulator:
    """The control API of the simulator's iPhones, or of its browsers, which is alike. All raise SimulatorError."""

    def __init__(self, url: str, devices: Devices = "phones") -> None:
        self._devices = devices
        self._http = httpx.AsyncClient(
            # The simulator is on this machine or nearby: the environment's proxy must not be used.
            base_url=url, timeout=CALL_TIMEOUT, follow_redirects=False, trust_env=False
        )  # fmt: skip

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def phones(self) -> list[dict[str, Any]]:
        """All phones on it, of all accounts, without their screens."""
        phones: list[dict[str, Any]] = (await self._call("GET", f"/{self._devices}"))[self._devices]
        return phones

    async def phone(self, phone_id: str) -> dict[str, Any]:
        """A phone with its screen."""
        return await self._call("GET", f"/{self._devices}/{quote(phone_id, safe='')}?limit={SHOWN_NOTIFICATIONS}")

    async def pair(self, pairing_code: str, name: str, **more: str) -> dict[str, Any]:
        """A new phone that pairs with the code. `more`: further fields, as a browser's `kind`."""
        return await self._call("POST", f"/{self._devices}", {"pairing_code": pairing_code, "name": name, **more})

    async def remove(self, phone_id: str) -> None:
        """Unpairs the phone and forgets it."""
        await self._call("DELETE", f"/{self._devices}/{quote(phone_id, safe='')}")

    async def change_settings(self, phone_id: str, settings: Mapping[str, Any]) -> None:
        """Changes the settings that are named."""
        await self.do(phone_id, "settings", body=settings)

    async def tap(self, phone_id: str, action_id: str | None, notification_id: str | None) -> dict[str, Any]:
        """Taps a button, or a notification itself. Returns what opened, or the server's answer."""
        given = {"action_id": action_id, "notification_id": notification_id}
        named = {name: value for name, value in given.items() if value is not None}
        return await self.do(phone_id, "tap", body=named)

    async def do(self, phone_id: str, *what: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Posts to the phone's path `what`: something that a person or iOS does to the phone."""
        path = "/".join(quote(word, safe="") for word in (phone_id, *what))
        return await self._call("POST", f"/{self._devices}/{path}", body or {})

    async def webhook_url(self, name: str) -> str | None:
        """A URL of the simulator that the server may call as a webhook; None if the simulator offers none."""
        url = (await self._call("GET", "/webhooks")).get("url")
        return f"{url}/{name}" if url else None

    async def changes(self, since: str, wait_seconds: int) -> dict[str, Any]:
        """The phones that have changed since a version. Waits up to `wait_seconds` for the first."""
        path = f"/{self._devices}/changes?since={quote(since, safe='')}&wait_seconds={wait_seconds}"
        answer = await self._call("GET", path)
        return answer | {"phones": answer[self._devices]}

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        timeout = CALL_TIMEOUT + WAIT_SECONDS
        try:
            response = await self._http.request(method, path, json=body, timeout=timeout)
            document = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.debug("the simulator cannot be reached: %s", error or type(error).__name__)
            raise SimulatorError(_("The simulator cannot be reached. Is it running?")) from error
        except (ValueError, RecursionError):
            raise SimulatorError(_("The simulator's answer makes no sense.")) from None
        if not isinstance(document, dict):
            raise SimulatorError(_("The simulator's answer makes no sense."))
        if response.is_success:
            return document
        message = document.get("message")
        if not isinstance(message, str):
            message = _("The simulator answered {status_code}.").format(status_code=response.status_code)
        raise SimulatorError(message, is_missing=response.status_code == 404)
