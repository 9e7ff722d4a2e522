"""The first run: an account with an owner, an API key and a phone, recorded in `quickstart.json`.

Every step is recorded as soon as it is done. A step that an interrupted run did but did not record is found or undone.
So the next start completes what is missing, and nothing is made twice.
"""

import asyncio
import json
import logging
import secrets
from pathlib import Path
from typing import Any

import grpc
import httpx
from smith.core.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    api_key_pb2,
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    device_service_pb2,
    device_service_pb2_grpc,
)

from cli.up.command import run_command
from cli.up.data_folder import write_json
from cli.up.errors import CannotStart, GaveUp
from cli.up.programs import core_environment, module
from cli.up.settings import UpSettings
from service_kit.client import open_channel
from service_kit.peers import Peers
from service_kit.status import from_rpc_error

log = logging.getLogger(__name__)

ACCOUNT_NAME, OWNER_EMAIL, KEY_NAME, PHONE_NAME = "My team", "owner@example.com", "quickstart", "iPhone"
CALL_SECONDS = 20.0
ATTEMPTS = 10
KEYS = (
    "gateway_url", "admin_url", "core_address", "simulator_url",
    "owner_email", "owner_password", "api_key", "phone_id",
)  # fmt: skip


class BootstrapFailed(Exception):
    """Core's command that makes account and owner has failed. It has reported the error on standard error."""


SECOND_FACTOR = {"SECOND_FACTOR_NEEDED", "SECOND_FACTOR_REQUIRED"}
"""Reasons why a password is not enough."""


class NotOurs(Exception):
    """The server has an owner whose password `quickstart.json` does not know."""


class Quickstart:
    """Makes what `quickstart.json` records."""

    def __init__(self, settings: UpSettings, data_dir: Path, database_url: str) -> None:
        self._settings = settings
        self._core_environment = core_environment(settings, data_dir, database_url)
        self.path = data_dir / "quickstart.json"
        self._facts: dict[str, Any] = dict.fromkeys(KEYS) | self._read()
        self._has_made_owner = False
        self.setup_code: str | None = None
        """The code to make the first account with, if there is no account yet. Known once `complete` has returned."""

    @property
    def facts(self) -> dict[str, Any]:
        """The contents of the file."""
        return dict(self._facts)

    async def begin(self) -> None:
        """Makes account and owner, and the schema before them, in a database that was made a moment ago, while the
        processes that need it still load. What fails here is tried again by `complete`."""
        if not self._settings.quickstart:
            return
        try:
            await self._ensure_owner()
        except BootstrapFailed as error:
            log.warning("cannot make the first account yet: %s", error)

    async def complete(self) -> None:
        """Does the missing steps. Without a quickstart it only finds out whether there is an account. All processes
        must have been ready; it waits for one that restarts.

        Raises GaveUp if a step fails again and again.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._try_to_complete()
            except (grpc.aio.AioRpcError, httpx.HTTPError, BootstrapFailed) as error:
                cause = error.details() if isinstance(error, grpc.aio.AioRpcError) else error
                if attempt == ATTEMPTS:
                    raise GaveUp(f"the first account, key and phone cannot be made: {cause}") from error
                log.warning("cannot make the first account, key and phone yet: %s", cause)
                await asyncio.sleep(1)
            else:
                return

    async def _try_to_complete(self) -> None:
        settings = self._settings
        self._note(
            gateway_url=settings.gateway_url,
            admin_url=settings.admin_url or settings.admin_page,
            core_address=settings.core_address,
            simulator_url=settings.simulator_url if settings.simulated else None,
            webhook_sink_url=settings.webhook_sink_url if settings.simulated else None,
        )
        if not settings.quickstart:
            code = self._settings.setup_code
            setup = await self._ask_for_setup()
            self.setup_code = code.get_secret_value() if code and setup.needs_account else None
            return
        if settings.simulated and self._facts["phone_id"] and not await self._phone_exists():
            log.warning("the simulator does not know phone %s any more, pairing a new one", self._facts["phone_id"])
            self._note(phone_id=None)
        if self._facts["api_key"] and (self._facts["phone_id"] or not settings.simulated):
            return
        if not self._facts["owner_password"] and not (await self._ask_for_setup()).needs_account:
            log.warning("the server has accounts that %s knows no owner of: no key or phone is added", self.path)
            return
        await self._ensure_owner()
        try:
            async with open_channel(settings.core_address, Peers.of(settings)) as channel:
                await self._with_session(channel)
        except NotOurs:
            log.warning(
                "the server already has the owner %s with another password than %s says: no key or phone is added",
                OWNER_EMAIL, self.path,
            )  # fmt: skip
        except grpc.aio.AioRpcError as error:
            if from_rpc_error(error).reason not in SECOND_FACTOR:
                raise
            log.warning("the owner %s signs in with a second factor: no key or phone is added", OWNER_EMAIL)

    async def _ask_for_setup(self) -> account_service_pb2.GetSetupResponse:
        async with open_channel(self._settings.core_address, Peers.of(self._settings)) as channel:
            return await account_service_pb2_grpc.AccountServiceStub(channel).GetSetup(
                account_service_pb2.GetSetupRequest(), timeout=CALL_SECONDS, wait_for_ready=True
            )

    async def _ensure_owner(self) -> None:
        if self._has_made_owner:
            return
        if not self._facts["owner_password"]:
            # Recorded before it is used: an owner whose password is lost would be useless.
            self._note(owner_email=OWNER_EMAIL, owner_password=secrets.token_urlsafe(18))
        try:
            code = await run_command(
                module("core_service", "bootstrap", "--email", OWNER_EMAIL, "--account-name", ACCOUNT_NAME),
                # Not as arguments, which every user of this machine can read.
                self._core_environment | {"SMITH_BOOTSTRAP_PASSWORD": self._facts["owner_password"]},
                seconds=60,
            )
        except TimeoutError as error:
            raise BootstrapFailed("core's bootstrap takes longer than a minute") from error
        if code != 0:
            raise BootstrapFailed("core's bootstrap failed: see the lines above")
        self._has_made_owner = True

    async def _with_session(self, channel: grpc.aio.Channel) -> None:
        accounts = account_service_pb2_grpc.AccountServiceStub(channel)
        try:
            session = await accounts.CreateSession(
                account_service_pb2.CreateSessionRequest(
                    email=self._facts["owner_email"], password=self._facts["owner_password"]
                ),
                timeout=CALL_SECONDS,
                wait_for_ready=True,
            )
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.UNAUTHENTICATED:
                raise NotOurs from error
            raise
        bearer = (("authorization", f"Bearer {session.session_token}"),)
        if not self._facts["api_key"]:
            self._note(api_key=await _create_key(channel, bearer))
        if self._settings.simulated and not self._facts["phone_id"]:
            self._note(phone_id=await self._pair_phone(channel, bearer))
        await accounts.DeleteSession(
            account_service_pb2.DeleteSessionRequest(), metadata=bearer, timeout=CALL_SECONDS, wait_for_ready=True
        )

    async def _pair_phone(self, channel: grpc.aio.Channel, bearer: tuple[tuple[str, str], ...]) -> str:
        async with self._simulator() as simulator:
            listed = await simulator.get("/phones")
            listed.raise_for_status()
            for phone in listed.json()["phones"]:
                if phone["name"] == PHONE_NAME:
                    return str(phone["id"])
            code = await device_service_pb2_grpc.DeviceServiceStub(channel).CreatePairingCode(
                device_service_pb2.CreatePairingCodeRequest(),
                metadata=bearer,
                timeout=CALL_SECONDS,
                wait_for_ready=True,
            )
            paired = await simulator.post("/phones", json={"pairing_code": code.pairing_code, "name": PHONE_NAME})
            paired.raise_for_status()
            return str(paired.json()["id"])

    async def _phone_exists(self) -> bool:
        async with self._simulator() as simulator:
            answer = await simulator.get(f"/phones/{self._facts['phone_id']}", params={"limit": 1})
        return answer.status_code != httpx.codes.NOT_FOUND

    def _simulator(self) -> httpx.AsyncClient:
        url = self._settings.simulator_url
        # No certificates for http, because they take long to load.
        verify = url.startswith("https:")
        return httpx.AsyncClient(base_url=url, timeout=CALL_SECONDS, trust_env=False, verify=verify)

    def _read(self) -> dict[str, Any]:
        try:
            facts = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise CannotStart(f"{self.path} is damaged: repair it, or move it away and use another folder") from error
        if not isinstance(facts, dict):
            raise CannotStart(f"{self.path} is damaged: repair it, or move it away and use another folder")
        return facts

    def _note(self, **facts: str | None) -> None:
        """Adds the facts to the file, unless it has them already."""
        if any(self._facts.get(name) != value for name, value in facts.items()) or not self.path.exists():
            self._facts |= facts
            write_json(self.path, self._facts)


async def _create_key(channel: grpc.aio.Channel, bearer: tuple[tuple[str, str], ...]) -> str:
    keys = api_key_service_pb2_grpc.ApiKeyServiceStub(channel)
    listed = await keys.ListApiKeys(
        api_key_service_pb2.ListApiKeysRequest(page_size=1000),
        metadata=bearer,
        timeout=CALL_SECONDS,
        wait_for_ready=True,
    )
    for key in listed.api_keys:
        # Made by a run that was interrupted before it could record the secret, which is lost.
        if key.name == KEY_NAME and not key.HasField("last_used_at"):
            await keys.RevokeApiKey(
                api_key_service_pb2.RevokeApiKeyRequest(api_key_id=key.id),
                metadata=bearer,
                timeout=CALL_SECONDS,
                wait_for_ready=True,
            )
    created = await keys.CreateApiKey(
        api_key_service_pb2.CreateApiKeyRequest(name=KEY_NAME, scope=api_key_pb2.API_KEY_SCOPE_ALL),
        metadata=bearer,
        timeout=CALL_SECONDS,
        wait_for_ready=True,
    )
    return str(created.secret)
