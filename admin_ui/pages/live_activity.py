"""One Live Activity: its card, the state of each device and why, and its timeline."""

import asyncio
from collections.abc import Sequence
from functools import partial

from smith.core.v1 import event_pb2 as events
from smith.core.v1.delivery_attempt_pb2 import VERDICT_CODE_ACCEPTED
from smith.core.v1.live_activity_record_pb2 import LIVE_ACTIVITY_STATUS_ENDED, LiveActivityDevice
from smith.core.v1.live_activity_service_pb2 import (
    GetLiveActivityRequest,
    GetLiveActivityResponse,
    GetLiveActivityStreamRequest,
    ListLiveActivityDevicesRequest,
)

from admin_ui.activities import control
from admin_ui.activities.buttons import buttons_of
from admin_ui.activities.examples import first_stream, next_state
from admin_ui.activities.timeline import Timeline
from admin_ui.activities.words import in_phase, phase_of, read
from admin_ui.components.annotations import metadata_card, tag_links
from admin_ui.components.buttons import danger, primary, quiet, secondary
from admin_ui.components.copying import copyable, snippet
from admin_ui.components.html import a, div, p, text
from admin_ui.components.kept import Drawing, Kept, KeptFacts, KeptList
from admin_ui.components.layout import back_link, badge, card
from admin_ui.components.lock_screen import activity_card
from admin_ui.components.paged_table import Cell, Column, PagedTable, PageOf
from admin_ui.components.times import ago
from admin_ui.core import Refused
from admin_ui.requests.words import requests_about
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

DELIVERIES = {
    events.EVENT_TYPE_LIVE_ACTIVITY_DELIVERED,
    events.EVENT_TYPE_LIVE_ACTIVITY_FAILED,
    events.EVENT_TYPE_LIVE_ACTIVITY_TOKEN_RECEIVED,
    events.EVENT_TYPE_LIVE_ACTIVITY_DISMISSED,
}
MOVES = {
    events.EVENT_TYPE_LIVE_ACTIVITY_STARTED,
    events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED,
    events.EVENT_TYPE_LIVE_ACTIVITY_ENDED,
    events.EVENT_TYPE_STREAM_PAUSED,
    events.EVENT_TYPE_STREAM_RESUMED,
    events.EVENT_TYPE_STREAM_ENDED,
}
CALM_SECONDS = 0.75
"""Seconds between two reads of devices and timeline, in addition to the feed's own pause: people read them slowly."""
DEVICE_COLUMNS = (Column(_("Device")), Column(_("State")), Column(_("Version")), Column(_("What is known"), "prose"))


def create(site: Site) -> None:
    """Registers `/live-activities/{activity_id}`."""

    @site.page("/live-activities/{activity_id}", title=_("Live Activity"))
    async def live_activity(visit: Visit, activity_id: str) -> None:
        await _Details(visit, activity_id).build()


class _Details:
    """The page of one Live Activity."""

    def __init__(self, visit: Visit, activity_id: str) -> None:
        self._visit = visit
        self._id = activity_id

    async def build(self) -> None:
        """Draws the page and keeps it moving for as long as it is open."""
        found = await self._read()
        activity = found.live_activity
        back_link(_("Live Activities"), "/live-activities")
        with div("page-header"):
            with div("page-heading"):
                with div("cluster"):
                    self._title = text("", "page-title", "h1")
                    self._status = Kept("cluster")
                if activity.stream_key:
                    p(_("Stream {stream_key}").format(stream_key=activity.stream_key), "muted")
                with div("cluster small"):
                    tag_links(activity.tags.values, "/live-activities")
            self._actions = KeptList[str]("page-actions", "cluster")
        with div("columns activity-page"):
            with div("stack"):
                with card(_("Devices"), _("How far each phone has come, and why.")):
                    self._advice = KeptList[str]("stack")
                    self._devices = PagedTable(
                        _("Devices"),
                        DEVICE_COLUMNS,
                        self._fetch_devices,
                        self._device_cells,
                        key=lambda device: device.device_id,
                        on_empty=_no_devices,
                    )
                with card(_("Timeline"), _("Its last 50 versions, and every push that was tried.")):
                    self._timeline = Timeline(self._visit, self._id)
            with div("stack"):
                with div("activity-stage"):
                    self._card = activity_card(read(activity.content_state), buttons_of(activity))
                with card(_("About it")):
                    copyable(self._id, _("activity id"))
                    if self._visit.is_owner:
                        a(_("Its requests"), requests_about(activity_id=self._id))
                    self._facts = KeptFacts()
                if activity.HasField("metadata") and (noted := read(activity.metadata)):
                    metadata_card(noted)
                with card(_("Change it from a program"), _("With one of your API keys in ACTIVITYSMITH_API_KEY.")):
                    self._example = Kept("stack")
        self._visit.watch(MOVES, self._moved)
        self._visit.watch(MOVES | DELIVERIES, self._delivered)
        await self._show(found)
        await self._devices.refresh()
        await self._timeline.refresh()

    async def _moved(self, happened: Sequence[events.Event]) -> None:
        if self._concerns(happened):
            await self._show(await self._read())

    async def _delivered(self, happened: Sequence[events.Event]) -> None:
        if self._concerns(happened):
            await self._devices.refresh()
            await self._timeline.refresh()
            await asyncio.sleep(CALM_SECONDS)

    def _concerns(self, happened: Sequence[events.Event]) -> bool:
        """Whether any event is about this activity or a stream. No events: anything may have changed."""
        about_streams = MOVES - {
            events.EVENT_TYPE_LIVE_ACTIVITY_STARTED,
            events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED,
            events.EVENT_TYPE_LIVE_ACTIVITY_ENDED,
        }
        return not happened or any(one.activity_id == self._id or one.type in about_streams for one in happened)

    async def _read(self) -> GetLiveActivityResponse:
        request = GetLiveActivityRequest(activity_id=self._id)
        return await self._visit.ask(self._visit.core.live_activities.GetLiveActivity, request)

    async def _is_paused(self, found: GetLiveActivityResponse) -> bool:
        if not found.has_stream:
            return False
        request = GetLiveActivityStreamRequest(stream_key=found.live_activity.stream_key)
        try:
            answer = await self._visit.ask(self._visit.core.live_activities.GetLiveActivityStream, request)
        except Refused as refusal:
            # It was ended just now.
            if refusal.reason == "NOT_FOUND":
                return False
            raise
        return answer.stream.paused

    async def _show(self, found: GetLiveActivityResponse) -> None:
        activity = found.live_activity
        state, is_over = read(activity.content_state), activity.status == LIVE_ACTIVITY_STATUS_ENDED
        self._title.text = state.get("title", "")
        self._card.update_state(state, buttons_of(activity), ended=is_over)
        self._facts.show(_facts_of(found))
        self._show_example(found)
        is_paused = await self._is_paused(found)
        self._status.show(partial(_status, is_over=is_over, is_paused=is_paused))
        if self._visit.is_owner:
            self._actions.show(self._what_can_be_done(found, is_over=is_over, is_paused=is_paused))

    def _what_can_be_done(
        self, found: GetLiveActivityResponse, *, is_over: bool, is_paused: bool
    ) -> dict[str, Drawing]:
        of_stream = (self._visit, found.live_activity.stream_key, self._again)
        offered: dict[str, Drawing] = {}
        if is_paused:
            offered["resume"] = partial(primary, _("Resume stream"), partial(control.resume, *of_stream))
        elif found.has_stream:
            offered["pause"] = partial(secondary, _("Pause stream"), partial(control.pause, *of_stream))
        if found.has_stream:
            offered["delete"] = partial(quiet, _("Delete stream"), partial(control.delete, *of_stream))
        if not is_over:
            offered["end"] = partial(danger, _("End"), self._stop)
        return offered

    async def _stop(self) -> None:
        found = await self._read()
        await control.stop(self._visit, self._id, self._title.text, is_stream=found.has_stream, then=self._again)

    async def _again(self) -> None:
        await self._show(await self._read())
        await self._devices.refresh()

    def _show_example(self, found: GetLiveActivityResponse) -> None:
        gateway_url = self._visit.settings.gateway_url
        example = next_state(found.live_activity, gateway_url, has_stream=found.has_stream)
        self._example.show(partial(self._draw_example, updates_it=example is not None))
        self._snippet.show(example or first_stream(gateway_url))

    def _draw_example(self, *, updates_it: bool) -> None:
        if not updates_it:
            p(_("It is over and takes no more updates. A stream starts a new card by itself:"), "muted")
        self._snippet = snippet(
            "", "curl command that updates it" if updates_it else "curl command that starts another"
        )

    def _device_cells(self, device: LiveActivityDevice) -> Sequence[Cell]:
        words = self._visit.destinations.in_words
        return (
            partial(_device_name, device.device_name, device.user_name),
            partial(badge, *phase_of(device)),
            partial(_version, device.accepted_version, device.wanted_version),
            partial(_known, words(device.explanation), "" if _is_accepted(device) else words(device.advice)),
        )

    async def _fetch_devices(self, page_token: str | None) -> PageOf[LiveActivityDevice]:
        request = ListLiveActivityDevicesRequest(activity_id=self._id, page_size=20, page_token=page_token)
        answer = await self._visit.ask(self._visit.core.live_activities.ListLiveActivityDevices, request)
        words = self._visit.destinations.in_words
        # It is long, and the same for all phones, or all browsers.
        advice = [words(one.advice) for one in answer.devices if _is_accepted(one) and one.advice]
        self._advice.show({told: partial(p, told, "muted small") for told in advice})
        return PageOf(answer.devices, answer.next_page_token)


def _is_accepted(device: LiveActivityDevice) -> bool:
    return device.verdict == VERDICT_CODE_ACCEPTED


def _status(*, is_over: bool, is_paused: bool) -> None:
    badge(_("Ended")) if is_over else badge(_("Active"), "good")
    if is_paused:
        badge(_("Stream paused"), "warn")


def _device_name(name: str, person: str) -> None:
    with div("stack-tight"):
        text(name, "strong")
        text(person, "muted small")


def _version(shown: int, wanted: int) -> None:
    text(str(wanted) if shown == wanted else _("{shown} of {wanted}").format(shown=shown, wanted=wanted), "num")


def _known(explanation: str, advice: str) -> None:
    with div("stack-tight"):
        text(explanation)
        if advice:
            text(advice, "muted small")


def _facts_of(found: GetLiveActivityResponse) -> dict[str, Drawing]:
    activity = found.live_activity
    phases = [in_phase(one.phase, one.devices) for one in found.phases]
    told: dict[str, Drawing] = {
        _("Devices"): partial(text, ", ".join(phases) or _("none any more")),
        _("For"): partial(text, ", ".join(activity.channel_slugs) or _("Everybody")),
        _("Version"): partial(text, str(activity.version)),
        _("Started by"): partial(text, activity.started_by or _("unknown")),
        _("Started"): partial(ago, activity.created_at),
        _("Last state"): partial(ago, activity.updated_at),
    }
    if activity.HasField("ended_at"):
        return told | {
            _("Ended"): partial(ago, activity.ended_at),
            _("Leaves the screen"): partial(ago, activity.dismiss_at),
        }
    return told | {_("iOS ends it"): partial(ago, activity.expires_at)}


def _no_devices() -> None:
    p(_("No device is left that it was for."), "muted")
