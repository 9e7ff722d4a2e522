"""Pairs phones: makes a code for a real one, or pairs a simulated one."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import httpx
from smith.core.v1 import account_service_pb2, account_service_pb2_grpc, device_service_pb2, device_service_pb2_grpc
from smith.core.v1.account_pb2 import Member

from cli.client.owner import Owner
from cli.client.session import Session, signed_in
from cli.client.settings import ClientSettings
from cli.up.errors import CannotStart, Failed

SIMULATOR_SECONDS = 20.0
"""Seconds. The simulator pairs through the gateway and reports tokens before it answers."""


async def make_pairing_code(settings: ClientSettings, owner: Owner, email: str | None) -> dict[str, Any]:
    """A code that pairs one phone of the person with this `email`, by default of the person who signs in. Has
    `pairing_code`, `expires_at`, `link`, `server` and `email`. Raises CannotStart or Failed."""
    async with signed_in(settings, owner) as session:
        return await _make_code(session, settings, email)


async def pair_simulated_phone(
    settings: ClientSettings, owner: Owner, email: str | None, name: str, browser: str | None = None
) -> dict[str, Any]:
    """Pairs a new phone of the simulator, or a browser of the kind `browser`: `phone_id`, `device_id`, `name`, `url`
    and `email`. Raises CannotStart or Failed."""
    place = f"{settings.simulator}/{'phones' if browser is None else 'browsers'}"
    try:
        async with httpx.AsyncClient(timeout=SIMULATOR_SECONDS, trust_env=False) as client:
            # Ask it first: without a simulator no code is needed.
            (await client.get(place)).raise_for_status()
            async with signed_in(settings, owner) as session:
                code = await _make_code(session, settings, email)
            kind = {} if browser is None else {"kind": browser}
            answer = await client.post(place, json={"pairing_code": code["pairing_code"], "name": name, **kind})
            paired = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Failed(
            f"the simulator at {settings.simulator} cannot be reached ({type(error).__name__}): is SMITH_SIMULATOR_URL "
            "right, and does it run?"
        ) from error
    if answer.status_code != httpx.codes.CREATED:
        raise Failed(f"the simulator could not pair a phone: {paired.get('message', answer.status_code)}")
    url = f"{place}/{paired['id']}"
    facts = {"phone_id": paired["id"], "device_id": paired["device_id"], "name": paired["name"], "url": url}
    return facts | {"email": code["email"]}


async def _make_code(session: Session, settings: ClientSettings, email: str | None) -> dict[str, Any]:
    person = session.member if email is None else await _find(session, email)
    devices = device_service_pb2_grpc.DeviceServiceStub(session.channel)
    request = device_service_pb2.CreatePairingCodeRequest(user_id=person.user_id)
    made = await session.ask(devices.CreatePairingCode, request)
    expires: dt.datetime = made.expires_at.ToDatetime(dt.UTC)
    return {
        "pairing_code": made.pairing_code,
        "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        # The link that the app opens: docs/device-protocol.md.
        "link": "activitysmith://pair?" + urlencode({"server": settings.gateway, "code": made.pairing_code}),
        "server": settings.gateway,
        "email": person.email,
    }


async def _find(session: Session, email: str) -> Member:
    accounts = account_service_pb2_grpc.AccountServiceStub(session.channel)
    wanted = email.strip().lower()
    if not wanted.isprintable() or any("\ud800" <= character <= "\udfff" for character in wanted):
        raise CannotStart("--user is not text")
    request = account_service_pb2.ListMembersRequest(query=wanted, page_size=1000)
    for member in (await session.ask(accounts.ListMembers, request)).members:
        if member.email == wanted:
            return Member.FromString(member.SerializeToString())
    raise Failed(f"no person with the e-mail address {wanted} is in the workspace: invite them first")
