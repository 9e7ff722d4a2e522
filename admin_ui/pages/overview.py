"""The start page: what was sent, its outcomes, and alarms."""

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

from nicegui import ui
from smith.core.v1.event_pb2 import Event
from smith.core.v1.insight_service_pb2 import GetOverviewRequest, GetOverviewResponse
from smith.core.v1.overview_pb2 import (
    OVERVIEW_PERIOD_DAY,
    OVERVIEW_PERIOD_MONTH,
    OVERVIEW_PERIOD_WEEK,
    OverviewDevices,
    OverviewFigures,
    OverviewLimit,
)
from smith.core.v1.status_service_pb2 import (
    DESTINATION_REAL,
    Alarm,
    GetServerStatusRequest,
    GetServerStatusResponse,
)

from admin_ui.components.copying import snippet
from admin_ui.components.echart import Chart, Series
from admin_ui.components.figures import Figure, figures
from admin_ui.components.html import a, div, labelled, p, text
from admin_ui.components.kept import Drawing, Kept, KeptList
from admin_ui.components.layout import card, page_header
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.event_words import sentence
from admin_ui.phones.own_phone import PairYourPhone, has_no_phone
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

PERIODS = {OVERVIEW_PERIOD_DAY: _("24 hours"), OVERVIEW_PERIOD_WEEK: _("7 days"), OVERVIEW_PERIOD_MONTH: _("30 days")}
LATEST = 8
"""Most events that are shown."""
COUNTED_SECONDS = 2.0
"""Until core has written what it counted."""
REFRESH_SECONDS = 15.0
"""How often the page is read again although nothing happens: a minute's requests are fewer every minute."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that the page has a figure and a line of a chart for."""

    name: str
    color: str
    of: Callable[[OverviewFigures], int | None]
    """Reads it for a step, the period, or the one before; None where there is nothing to measure."""

    def figure(self, now: OverviewFigures, before: OverviewFigures, unit: str = "") -> Figure:
        """Its number in the period."""
        name = _("{name}, {unit}").format(name=self.name, unit=unit) if unit else self.name
        return Figure(name, self.of(now) or 0, self.of(before) or 0, self.color)

    def series(self, steps: Iterable[OverviewFigures], *, is_line: bool = False) -> Series:
        """Its row in the chart."""
        return Series(self.name, self.color, [self.of(step) for step in steps], is_line=is_line)


ORANGE, TEAL, BLUE, RED, GREY = "#ee6a33", "#2a9d8f", "#4f7cff", "#d6453d", "#9a9aa6"
SENT = (
    Counted(_("Pushes"), ORANGE, lambda counts: counts.push_notifications),
    Counted(_("Live Activities started"), TEAL, lambda counts: counts.live_activities_started),
    Counted(_("Updates"), BLUE, lambda counts: counts.live_activities_updated),
)
DELIVERED = (
    Counted(_("Accepted"), TEAL, lambda counts: counts.accepted),
    Counted(_("Tried again"), GREY, lambda counts: counts.retried),
    Counted(_("Failed"), RED, lambda counts: counts.failed),
)
LATENCY = (
    Counted(_("Median"), BLUE, lambda counts: counts.latency_p50_ms if counts.HasField("latency_p50_ms") else None),
    Counted(
        _("19 of 20 within"),
        ORANGE,
        lambda counts: counts.latency_p95_ms if counts.HasField("latency_p95_ms") else None,
    ),
)
FIRST_PUSH = ApiRequest(Operation.PUSH, {"title": _("Build finished"), "message": _("All tests passed")})


def create(site: Site) -> None:
    """Registers `/`."""

    @site.page("/", title=_("Overview"))
    async def overview(visit: Visit, show: str = "") -> None:
        if not visit.is_owner and show != "figures" and await has_no_phone(visit):
            PairYourPhone(visit).draw()
            return
        await OverviewPage(visit).draw()


class OverviewPage:
    """The overview page of one visit; it updates with events."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._news: deque[tuple[int, Event]] = deque(maxlen=LATEST)
        """The latest first, numbered as they came."""
        self._numbers = count()
        self._asked = 0

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        with page_header(_("Overview"), _("What happens in {name}.").format(name=self._visit.account.name)):
            self._period = ui.toggle(dict(PERIODS), value=OVERVIEW_PERIOD_DAY, on_change=self._read)
            labelled(self._period.props("no-caps flat"), _("Period")).classes("period")
        self._alarms = KeptList[str]("stack")
        self._first_steps = Kept()
        self._tiles = KeptList[str]("tiles", "tile")
        with div("cluster muted small"):
            self._steps_note = text("")
            text(_("Times are in UTC."), "zone-note")
        with div("columns"):
            with div("stack"):
                with card(_("Sent")):
                    self._sent_figures = Kept()
                    self._sent = Chart(_("What was sent"), _("Nothing was sent yet."))
                with card(_("Deliveries")):
                    self._delivery_figures = Kept()
                    self._deliveries = Chart(_("What became of deliveries"), _("Nothing was delivered yet."))
            with div("stack"):
                with card(_("Time until accepted")):
                    self._latency_figures = Kept()
                    self._latency = Chart(_("Latency in milliseconds"), _("Nothing was accepted yet."))
                with card(_("Just now")), labelled(div().props("role=log"), _("Events")):
                    self._no_news = p(
                        _("Nothing since you opened this page. Events appear here as they happen."), "muted"
                    )
                    self._latest = KeptList[int]("news", "news-item")
        self._visit.watch((), self._heard)
        self._visit.watch((), self._happened)
        await self._read()
        ui.timer(REFRESH_SECONDS, self._read, immediate=False)

    async def _heard(self, events: Sequence[Event]) -> None:
        self._news.extendleft((next(self._numbers), event) for event in events if sentence(event))
        self._show_news()

    async def _happened(self, events: Sequence[Event]) -> None:
        await self._read()
        # Core writes what it counts every second: the newest is not among the figures yet.
        await asyncio.sleep(COUNTED_SECONDS)
        await self._read()

    async def _read(self) -> None:
        core = self._visit.core
        self._asked += 1
        asked = self._asked
        found = await self._visit.ask(core.insight.GetOverview, GetOverviewRequest(period=self._period.value))
        status = await self._visit.ask(core.status.GetServerStatus, GetServerStatusRequest())
        if asked != self._asked:
            # The person has chosen another period meanwhile, or something has happened: the later answer is shown.
            return
        self._show(found)
        self._show_alarms(status)

    def _show(self, found: GetOverviewResponse) -> None:
        self._show_first_steps(found)
        self._show_tiles(found)
        self._show_figures(found)
        steps, length = [step.starts_at.ToDatetime(dt.UTC) for step in found.steps], found.step_seconds
        hours = length // 3600
        self._steps_note.text = ngettext(
            "Each bar is an hour from the time below it on.",
            "Each bar is {count} hours from the time below it on.",
            max(1, hours),
        ).format(count=hours)
        self._sent.show(steps, length, [one.series(found.steps) for one in SENT])
        self._deliveries.show(steps, length, [one.series(found.steps) for one in DELIVERED])
        self._latency.show(steps, length, [one.series(found.steps, is_line=True) for one in LATENCY])

    def _show_tiles(self, found: GetOverviewResponse) -> None:
        owed = found.owed.push_notifications + found.owed.live_activities
        requests, activities = found.rate_limit, found.live_activity_limit
        tiles = {
            _("Held for devices"): partial(_tile, f"{owed:,}", _("sent when the device can get it")),
            _("Devices"): partial(_tile, f"{found.devices.total:,}", _state_of(found.devices)),
            _("Requests this minute"): partial(_meter, _("Requests this minute"), requests),
            _("Live Activities now"): partial(_meter, _("Live Activities now"), activities),
        }
        self._tiles.show({name: partial(_named, name, tile) for name, tile in tiles.items()})

    def _show_figures(self, found: GetOverviewResponse) -> None:
        now, before, period = found.total, found.previous, PERIODS[self._period.value]
        self._sent_figures.show(partial(figures, [one.figure(now, before) for one in SENT], period))
        delivered = [one.figure(now, before) for one in DELIVERED]
        self._delivery_figures.show(partial(_delivered, delivered, period, self._visit.destinations.takers))
        latency = partial(figures, [one.figure(now, before, "ms") for one in LATENCY], period)
        self._latency_figures.show(latency if now.HasField("latency_p50_ms") else None)

    def _show_alarms(self, status: GetServerStatusResponse) -> None:
        self._alarms.show({alarm.explanation: partial(_alarm, alarm) for alarm in status.alarms})

    def _show_first_steps(self, found: GetOverviewResponse) -> None:
        done = found.first_steps
        # The first steps are for owners. Members without a phone see `own_phone.PairYourPhone` instead.
        is_live = (
            self._visit.destinations.pushes == DESTINATION_REAL and found.devices.total > found.devices.unreachable
        )
        if not self._visit.is_owner or (
            is_live and done.has_api_key and done.has_live_activity and done.has_second_member and done.has_backup
        ):
            self._first_steps.show(None)
            return
        self._first_steps.show(partial(self._draw_first_steps))
        steps = (
            (_("Create an API key"), "/api-keys", done.has_api_key),
            (_("Pair a phone or a browser"), "/devices", done.has_device),
            (_("Send the first push"), "/playground", done.has_sent),
            (_("Show a Live Activity"), "/playground", done.has_live_activity),
            (_("Invite a second person"), "/members", done.has_second_member),
            (_("Reach a real phone"), "/help#going-live", is_live),
            (_("Back up the server"), "/settings/server", done.has_backup),
        )
        self._steps.show({name: partial(_step, name, path, is_done=is_done) for name, path, is_done in steps})
        self._example.set_visibility(done.has_api_key and not done.has_sent)

    def _draw_first_steps(self) -> None:
        with card(_("First steps"), _("The way to everyday use. This list goes away once everything on it is done.")):
            self._steps = KeptList[str]("steps", "step")
            with div("stack") as self._example:
                p(_("From your terminal, with the key in ACTIVITYSMITH_API_KEY:"), "muted")
                snippet(curl(FIRST_PUSH, self._visit.settings.gateway_url), "curl example")

    def _show_news(self) -> None:
        self._no_news.set_visibility(not self._news)
        self._latest.show({number: partial(_draw_event, event) for number, event in self._news})


def _state_of(devices: OverviewDevices) -> str:
    """The most serious problem of the account's phones, or that there is none."""
    if not devices.total:
        return _("none paired yet")
    if devices.unreachable:
        return _("{unreachable:,} cannot be reached").format(unreachable=devices.unreachable)
    if devices.push_to_start_token_dead:
        return _("{push_to_start_token_dead:,} cannot start Live Activities").format(
            push_to_start_token_dead=devices.push_to_start_token_dead
        )
    return _("all can be reached")


def _named(name: str, draw: Drawing) -> None:
    text(name, "tile-name")
    draw()


def _tile(value: str, detail: str = "") -> None:
    text(value, "tile-value")
    if detail:
        text(detail, "tile-detail")


def _meter(name: str, limit: OverviewLimit) -> None:
    if not limit.HasField("used"):
        _tile("?", _("of {limit:,}; not known right now").format(limit=limit.limit))
        return
    _tile(f"{limit.used:,}", _("of {limit:,}").format(limit=limit.limit))
    with div("meter") as meter:
        meter.props["role"] = "meter"
        meter.props["aria-label"] = name
        meter.props["aria-valuenow"], meter.props["aria-valuemin"] = limit.used, 0
        meter.props["aria-valuemax"] = limit.limit
        div("meter-fill").style(f"width: {min(100, 100 * limit.used // max(1, limit.limit))}%")


def _delivered(shown: list[Figure], period: str, takers: str) -> None:
    figures(shown, period)
    p(_("By {takers}.").format(takers=takers), "muted small")


def _alarm(alarm: Alarm) -> None:
    with notice("bad", alarm.explanation, alarm.advice):
        if alarm.HasField("since"):
            ago(alarm.since)


def _draw_event(event: Event) -> None:
    text(sentence(event))
    ago(event.occurred_at).classes("muted small")


def _step(name: str, path: str, *, is_done: bool) -> None:
    ui.icon("check_circle" if is_done else "radio_button_unchecked").classes("tone-good" if is_done else "muted").props(
        "aria-hidden=true"
    )
    text(name)
    if is_done:
        text(_("done"), "muted small step-link")
    else:
        a(_("Do it"), path, "link step-link")
