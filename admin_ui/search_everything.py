"""What the palette (Ctrl-K) finds by a name: channels, devices, people, Live Activities and messages."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import quote

from fastapi import APIRouter
from smith.core.v1.account_service_pb2 import ListMembersRequest
from smith.core.v1.channel_service_pb2 import ListChannelsRequest
from smith.core.v1.device_service_pb2 import ListDevicesRequest
from smith.core.v1.live_activity_record_pb2 import LiveActivity
from smith.core.v1.live_activity_service_pb2 import ListLiveActivitiesRequest
from smith.core.v1.push_notification_service_pb2 import ListPushNotificationsRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from admin_ui.activities.words import read
from admin_ui.components.search import MAX_SEARCH
from admin_ui.core import Caller, Core, Refused
from admin_ui.entrance.html import status_of
from admin_ui.site import Site
from admin_ui.texts import _

PATH = "/search"
MAX_OF_A_KIND = 5


@dataclass(frozen=True)
class Found:
    """A thing, and the page that shows it."""

    name: str
    detail: str
    path: str


Search = Callable[[Core, Caller, str], Awaitable[list[Found]]]


def serve(router: APIRouter, site: Site) -> None:
    """Registers `/search`."""

    async def search(request: Request) -> Response:
        caller = site.caller(request)
        typed = request.query_params.get("q", "").strip()
        if caller.session_token is None:
            return JSONResponse({"error": "Sign in first."}, 401)
        if not typed or len(typed) > MAX_SEARCH or not typed.isprintable():
            return JSONResponse({"error": f"q must be 1 to {MAX_SEARCH} characters."}, 400)
        try:
            found = await asyncio.gather(*(find(site.core, caller, typed) for find in KINDS.values()))
        except Refused as refusal:
            return JSONResponse({"error": refusal.message}, 401 if refusal.is_signed_out else status_of(refusal))
        return JSONResponse({"groups": _groups(found)})

    router.add_api_route(PATH, search, include_in_schema=False)


def _groups(found: Sequence[Sequence[Found]]) -> list[dict[str, object]]:
    return [
        {"name": name, "items": [asdict(one) for one in of_kind]}
        for name, of_kind in zip(KINDS, found, strict=True)
        if of_kind
    ]


async def _channels(core: Core, caller: Caller, typed: str) -> list[Found]:
    asked = ListChannelsRequest(query=typed, page_size=MAX_OF_A_KIND)
    answer = await core.ask(caller, core.channels.ListChannels, asked)
    return [Found(one.name, one.slug, f"/channels/{one.id}") for one in answer.channels]


async def _devices(core: Core, caller: Caller, typed: str) -> list[Found]:
    asked = ListDevicesRequest(query=typed, page_size=MAX_OF_A_KIND)
    answer = await core.ask(caller, core.devices.ListDevices, asked)
    return [Found(one.name, one.user_email, f"/devices?search={quote(one.name)}") for one in answer.devices]


async def _people(core: Core, caller: Caller, typed: str) -> list[Found]:
    asked = ListMembersRequest(query=typed, page_size=MAX_OF_A_KIND)
    answer = await core.ask(caller, core.accounts.ListMembers, asked)
    return [Found(one.name or one.email, one.email, f"/members?search={quote(one.email)}") for one in answer.members]


async def _activities(core: Core, caller: Caller, typed: str) -> list[Found]:
    asked = ListLiveActivitiesRequest(search=typed, page_size=MAX_OF_A_KIND)
    answer = await core.ask(caller, core.live_activities.ListLiveActivities, asked)
    return [Found(_title(one), one.stream_key, f"/live-activities/{one.activity_id}") for one in answer.live_activities]


def _title(activity: LiveActivity) -> str:
    return str(read(activity.content_state).get("title", "")) or activity.activity_id


async def _messages(core: Core, caller: Caller, typed: str) -> list[Found]:
    asked = ListPushNotificationsRequest(search=typed, page_size=MAX_OF_A_KIND)
    answer = await core.ask(caller, core.push_notifications.ListPushNotifications, asked)
    return [Found(one.title, one.message, f"/delivery-log/{one.id}") for one in answer.push_notifications]


KINDS: dict[str, Search] = {
    _("Channels"): _channels,
    _("Devices"): _devices,
    _("People"): _people,
    _("Live Activities"): _activities,
    _("Messages"): _messages,
}
"""By the heading under which they are shown, in this order."""
