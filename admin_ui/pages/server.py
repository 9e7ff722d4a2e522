"""How the server runs: processes, what waits, disk and backups. For owners."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1.status_service_pb2 import (
    ALARM_KIND_LINE_STOPPED,
    SERVER_CONCERN_KIND_ROUTE_STOPPED,
    Alarm,
    AlertRecipients,
    BackupRecord,
    GetServerFactsRequest,
    GetServerFactsResponse,
    GetServerStatusRequest,
    QueueDepth,
)

from admin_ui.components.html import code, div, p, phrase, text
from admin_ui.components.kept import Drawing, KeptList
from admin_ui.components.layout import badge, card, fact, facts, page_header
from admin_ui.components.settings_tabs import settings_tabs
from admin_ui.components.states import empty_state, notice
from admin_ui.components.times import ago
from admin_ui.core import Refused
from admin_ui.reachability import answers
from admin_ui.site import Site, tell_of
from admin_ui.texts import _, ngettext
from admin_ui.theme import DISTRIBUTION
from admin_ui.visit import Visit

ALERT_SETTINGS = ("SMITH_ALERT_MAIL_TO", "SMITH_ALERT_WEBHOOK_URL", "SMITH_ALERT_PUSH_TO")
PATH = "/settings/server"
REFRESH_SECONDS = 5.0
GIGABYTE, MEGABYTE = 1024**3, 1024**2
PROCESSES = {
    "core": _("Core, which decides and keeps everything"),
    "delivery": _("Delivery, which sends pushes and mails"),
    "gateway": _("Gateway, which backends and phones call"),
    "admin": _("Web admin, which shows this page"),
    "simulator": _("Simulator, which stands in for Apple"),
    "postgresql": _("PostgreSQL, the database"),
    "redis": _("Redis, which ties several cores together"),
}
WORK = {
    "notifications": _("Push notifications"),
    "live_activities": _("Changes of Live Activities"),
    "webhooks": _("Webhook calls"),
    "badges": _("Numbers on icons"),
    "cards to withdraw": _("Live Activities to be taken off phones"),
    "mails of invites": _("Invites by mail"),
    "mails about passwords": _("Mails about passwords"),
    "messages about alerts": _("Messages about alerts"),
}


@dataclass(frozen=True)
class Process:
    """A line of the list of processes."""

    name: str
    is_reachable: bool
    version: str = ""
    started_at: Timestamp | None = None


def create(site: Site) -> None:
    """Registers `/settings/server`."""

    @site.page(PATH, title=_("Server"))
    async def server(visit: Visit) -> None:
        with page_header(_("Settings"), _("Settings of the whole workspace.")):
            pass
        settings_tabs(visit, PATH)
        if not visit.is_owner:
            with empty_state("lock", _("For owners"), _("Only an owner of the workspace can see how the server runs.")):
                pass
            return
        await ServerPage(visit).draw()


class ServerPage:
    """The page of one visit. It is read again every five seconds."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._over_http: list[Process] = [Process("admin", True, version(DISTRIBUTION))]

    async def draw(self) -> None:
        """Draws everything. Raises Refused."""
        self._away = p(_("The server did not answer. What you see is from before."), "muted").props("role=status")
        self._away.set_visibility(False)
        self._sections = KeptList[str]("stack")
        await self._read()
        # The gateway is asked after the page is there: it may be away, and then takes its time.
        ui.timer(0.1, self._refresh, once=True)
        ui.timer(REFRESH_SECONDS, self._refresh)

    async def _refresh(self) -> None:
        try:
            await self._ask_over_http()
            await self._read()
        except Refused as refusal:
            if refusal.is_signed_out:
                tell_of(refusal)
            self._away.set_visibility(True)
        else:
            self._away.set_visibility(False)

    async def _ask_over_http(self) -> None:
        settings = self._visit.settings
        urls = {"gateway": f"{settings.gateway_url}/readyz"}
        if settings.simulator_url:
            urls["simulator"] = f"{settings.simulator_url}/healthz"
        found = await asyncio.gather(*map(answers, urls.values()))
        self._over_http = [Process("admin", True, version(DISTRIBUTION))]
        self._over_http += [Process(name, is_well) for name, is_well in zip(urls, found, strict=True)]

    async def _read(self) -> None:
        core = self._visit.core.status
        found, status = await asyncio.gather(
            self._visit.ask(core.GetServerFacts, GetServerFactsRequest()),
            self._visit.ask(core.GetServerStatus, GetServerStatusRequest()),
        )
        stopped = [alarm for alarm in status.alarms if alarm.kind == ALARM_KIND_LINE_STOPPED]
        self._sections.show(self._drawings(found, stopped))

    def _drawings(self, found: GetServerFactsResponse, stopped: Sequence[Alarm]) -> dict[str, Drawing]:
        """The sections, by what they are about."""
        # A stopped route is told below. What another core has stopped is a concern only.
        concerns = [one for one in found.concerns if one.kind != SERVER_CONCERN_KIND_ROUTE_STOPPED or not stopped]
        sections: dict[str, Drawing] = {
            one.explanation: partial(notice, "warn", _("Needs attention"), one.explanation) for one in concerns
        }
        known = [
            Process(one.name, one.is_reachable, one.version, one.started_at if one.HasField("started_at") else None)
            for one in found.processes
        ]
        sections["processes"] = partial(_processes, [*known, *self._over_http])
        is_stopped_elsewhere = any(one.kind == SERVER_CONCERN_KIND_ROUTE_STOPPED for one in concerns)
        sections["routes"] = partial(_routes, stopped, is_stopped_elsewhere=is_stopped_elsewhere)
        if found.is_whole_server:
            sections["queues"] = partial(_queues, [queue for queue in found.queues if queue.waiting])
        if found.HasField("alert_recipients"):
            sections["alerts"] = partial(_recipients, found.alert_recipients)
        sections["data"] = partial(_data, found)
        return sections


def _processes(shown: Sequence[Process]) -> None:
    with card(_("Processes"), _("The programs that make up this server, and whether they answer.")), facts():
        for one in shown:
            _process(one)


def _process(one: Process) -> None:
    with fact(PROCESSES.get(one.name, one.name)):
        badge(_("Answers"), "good") if one.is_reachable else badge(_("Does not answer"), "bad")
        if one.version:
            text(" " + _("version {version}").format(version=one.version), "muted small")
        if one.started_at is not None:
            with p("", "muted small"):
                phrase(_("started {when}"), when=partial(ago, one.started_at))


def _routes(stopped: Sequence[Alarm], *, is_stopped_elsewhere: bool) -> None:
    with card(_("Ways to Apple and to browsers"), _("A way is stopped while everything sent on it is refused.")):
        if not stopped:
            with div("cluster"):
                badge(_("Stopped"), "bad") if is_stopped_elsewhere else badge(_("All open"), "good")
        for alarm in stopped:
            told = " ".join((_("{line} is stopped.").format(line=alarm.line), alarm.explanation))
            with notice("bad", told, alarm.advice):
                if alarm.HasField("since"):
                    ago(alarm.since)


def _queues(waiting: Sequence[QueueDepth]) -> None:
    with card(_("Waiting"), _("What is accepted and not done yet. It is kept until it is done.")):
        if not waiting:
            p(_("Nothing waits."))
            return
        with facts():
            for queue in waiting:
                with fact(WORK.get(queue.name, queue.name)):
                    text(f"{queue.waiting:,}", "strong num")
                    if queue.oldest_seconds:
                        p(_oldest(queue.oldest_seconds), "muted small")


def _recipients(told: AlertRecipients) -> None:
    with card(_("Alerts"), _("Who is told when something needs attention, and when it is over.")):
        _ways(told)


def _ways(told: AlertRecipients) -> None:
    mails, webhooks, people = told.mails, told.webhooks, told.people
    ways = (
        (_("By mail"), mails, ngettext("{count} address", "{count} addresses", mails)),
        (_("By webhook"), webhooks, ngettext("{count} URL", "{count} URLs", webhooks)),
        (_("By push"), people, ngettext("{count} person", "{count} people", people)),
    )
    if not any(count for _way, count, _words in ways):
        with p(""):
            phrase(_("Only the log of this server. These settings name others: {settings}"), settings=_alert_settings)
        return
    with facts():
        for way, count, words in ways:
            with fact(way, words.format(count=count) if count else _("none")):
                pass


def _alert_settings() -> None:
    for place, name in enumerate(ALERT_SETTINGS):
        text(", " if place else "")
        code(name)


def _data(found: GetServerFactsResponse) -> None:
    with card(_("Data"), _("Where it is kept, and from when it could be restored.")), facts():
        _size_and_version(found)
        _backups(found)


def _size_and_version(found: GetServerFactsResponse) -> None:
    if found.HasField("database_bytes"):
        with fact(_("Database"), _size(found.database_bytes)):
            pass
    with fact(_("Free disk space")):
        if found.HasField("disk_bytes"):
            share = 100 * found.disk_free_bytes / found.disk_bytes if found.disk_bytes else 0.0
            text(
                _("{free} of {all} ({share:.0f} %)").format(
                    free=_size(found.disk_free_bytes), all=_size(found.disk_bytes), share=share
                )
            )
        else:
            text(_("cannot be read"), "muted")
    with fact(
        _("Version"),
        _("{release}, schema {schema}").format(release=found.release, schema=found.schema_revision),
    ):
        pass


def _backups(found: GetServerFactsResponse) -> None:
    with fact(_("Last backup")):
        if found.HasField("last_backup"):
            _backup(found.last_backup)
        else:
            text(_("never") + " ", "tone-bad")
            with p("", "muted small"):
                phrase(_("Make one on the server: {command}"), command=partial(code, "smith backup FILE"))
    if found.HasField("restored_from"):
        with fact(_("Restored")):
            ago(found.restored_from.finished_at)
            with p("", "muted small"):
                phrase(_("from a backup of {when}"), when=partial(ago, found.restored_from.snapshot_at))


def _backup(backup: BackupRecord) -> None:
    ago(backup.finished_at)
    if backup.place:
        p(f"{backup.place}, {_size(backup.bytes)}", "muted small")
    if not backup.is_verified:
        p(_("It was not read again after it was written."), "muted small")


def _size(size: float) -> str:
    """Bytes in the unit that suits them."""
    return f"{size / GIGABYTE:,.1f} GB" if size >= GIGABYTE else f"{size / MEGABYTE:,.1f} MB"


def _oldest(seconds: float) -> str:
    """For how long the oldest has waited, in minutes from two of them on."""
    if seconds >= 120:
        minutes = round(seconds / 60)
        return ngettext(
            "The oldest has been due for {count:,} minute.", "The oldest has been due for {count:,} minutes.", minutes
        ).format(count=minutes)
    whole = round(seconds)
    return ngettext(
        "The oldest has been due for {count} second.", "The oldest has been due for {count} seconds.", whole
    ).format(count=whole)
