"""The app's side of the server's REST API for phones."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.web_push import base64url

TIMEOUT_SECONDS = 10.0
MAX_CONNECTIONS = 50


class GatewayError(Exception):
    """The gateway refused a call, or could not be reached (503)."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(f"{status}: {document.get('message', '')}")
        self.status = status
        self.document = document


@dataclass(frozen=True)
class Pairing:
    """The answer to a pairing."""

    device_id: str
    device_token: str


class GatewayClient:
    """Calls the gateway as the app does. Every method raises GatewayError."""

    def __init__(self, url: str) -> None:
        # No proxy from the environment: the settings name the gateway. Waiting for this semaphore has no time limit;
        # waiting for a connection of the pool would fail after 10 seconds.
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
            # No certificates for http, because they take long to load.
            verify=url.startswith("https:"),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS),
            headers={"user-agent": "ActivitySmith-Simulator"},
        )

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def pair(self, pairing_code: str, name: str) -> Pairing:
        """Pairs with a code."""
        document = await self._call("POST", "/api/device/pair", None, {"pairing_code": pairing_code, "name": name})
        device_id, device_token = document.get("device_id"), document.get("device_token")
        if not isinstance(device_id, str) or not isinstance(device_token, str):
            raise _incomprehensible("/api/device/pair")
        return Pairing(device_id, device_token)

    async def put_tokens(self, device_token: str, tokens: dict[str, Any]) -> None:
        """Reports tokens and what goes with them."""
        await self._call("PUT", "/api/device/tokens", device_token, tokens)

    async def put_update_token(self, device_token: str, activity_id: str, token: str) -> None:
        """Reports the update token of a Live Activity."""
        path = f"/api/device/live-activities/{quote(activity_id, safe='')}/token"
        await self._call("PUT", path, device_token, {"token": token})

    async def report_dismissed(self, device_token: str, activity_id: str) -> None:
        """Reports that the person removed a Live Activity."""
        path = f"/api/device/live-activities/{quote(activity_id, safe='')}/dismissed"
        await self._call("POST", path, device_token, {})

    async def metrics(self, device_token: str) -> list[dict[str, Any]]:
        """What widgets show."""
        document = await self._call("GET", "/api/device/metrics", device_token)
        metrics = document.get("metrics")
        if not isinstance(metrics, list) or not all(isinstance(one, dict) for one in metrics):
            raise _incomprehensible("/api/device/metrics")
        return metrics

    async def live_activities(self, device_token: str) -> list[Any]:
        """The Live Activities that should be on the screen, as the server describes them."""
        document = await self._call("GET", "/api/device/state", device_token)
        activities = document.get("live_activities")
        if not isinstance(activities, list):
            raise _incomprehensible("/api/device/state")
        return activities

    async def web_push_key(self, device_token: str) -> str:
        """The server's key, with which browsers subscribe: base64url of the uncompressed point."""
        key = (await self._call("GET", "/api/device/web-push-key", device_token)).get("public_key")
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64url.decode(str(key)))
        except ValueError:
            # Browsers refuse to subscribe with it.
            raise _incomprehensible("/api/device/web-push-key") from None
        return str(key)

    async def put_web_subscription(self, device_token: str, subscription: dict[str, Any]) -> None:
        """Reports a browser's subscription."""
        await self._call("PUT", "/api/device/web-subscription", device_token, subscription)

    async def unpair(self, device_token: str) -> None:
        """Unpairs the device."""
        await self._call("DELETE", "/api/device", device_token)

    async def run_action(self, device_token: str, action_id: str) -> dict[str, Any]:
        """Lets the server call a button's webhook; returns its answer."""
        return await self._call("POST", f"/api/device/actions/{quote(action_id, safe='')}/run", device_token, {})

    async def _call(
        self, method: str, path: str, device_token: str | None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {device_token}"} if device_token else {}
        try:
            async with self._slots:
                response = await self._http.request(method, path, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"The gateway at {self._http.base_url} cannot be reached: {error or type(error).__name__}"
            raise GatewayError(503, {"error": "Gateway unreachable", "message": message}) from error
        document = _document(response)
        if response.is_success:
            return document or {}
        if document is None:
            document = {"error": "Gateway error", "message": f"The gateway answered {response.status_code}."}
        raise GatewayError(response.status_code, document)


def _document(response: httpx.Response) -> dict[str, Any] | None:
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _incomprehensible(path: str) -> GatewayError:
    return GatewayError(502, {"error": "Bad gateway", "message": f"The gateway's answer to {path} makes no sense."})
