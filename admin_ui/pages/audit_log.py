"""Who did what in the workspace, as sentences."""

import datetime as dt
from collections.abc import Sequence
from functools import partial

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1 import (
    account_data_service_pb2,
    account_service_pb2,
    api_key_service_pb2,
    channel_service_pb2,
    device_service_pb2,
    invite_service_pb2,
    live_activity_service_pb2,
    metric_service_pb2,
    options_pb2,
    passkey_service_pb2,
    password_reset_service_pb2,
    phone_service_pb2,
    push_notification_service_pb2,
    saved_message_service_pb2,
    second_factor_service_pb2,
    single_sign_on_service_pb2,
    webhook_service_pb2,
)
from smith.core.v1.audit_entry_pb2 import AuditEntry
from smith.core.v1.audit_service_pb2 import ListAuditEntriesRequest

from admin_ui.audit_sentences import actor_of, deed_of, name_of_method
from admin_ui.components.buttons import icon_button, secondary
from admin_ui.components.copying import snippet
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import a, div, text
from admin_ui.components.layout import fact, facts, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf
from admin_ui.components.settings_tabs import settings_tabs
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

PATH = "/settings/audit-log"
SERVICES: list[ServiceDescriptor] = [
    service
    for module in (
        account_data_service_pb2,
        account_service_pb2,
        api_key_service_pb2,
        channel_service_pb2,
        device_service_pb2,
        invite_service_pb2,
        live_activity_service_pb2,
        metric_service_pb2,
        passkey_service_pb2,
        password_reset_service_pb2,
        phone_service_pb2,
        push_notification_service_pb2,
        saved_message_service_pb2,
        single_sign_on_service_pb2,
        second_factor_service_pb2,
        webhook_service_pb2,
    )
    for service in module.DESCRIPTOR.services_by_name.values()
]
NO_METHODS = (
    "SignInFailed",
    "SignInLocked",
    "JoinedBySingleSignOn",
    "LinkedBySingleSignOn",
    "RoleBySingleSignOn",
    "ShutOutBySingleSignOn",
    "EndedBySingleSignOn",
)
ACTS = sorted(
    [
        *NO_METHODS,
        *(
            method.name
            for service in SERVICES
            for method in service.methods
            if method.GetOptions().Extensions[options_pb2.policy].audited
        ),
    ]
)
"""The kinds of entries: methods that are audited, failed sign-ins, and what single sign-on does."""
PERIODS = {0: _("Any time"), 1: _("Last 24 hours"), 7: _("Last 7 days"), 30: _("Last 30 days")}
COLUMNS = [Column(_("When")), Column(_("Who")), Column(_("What")), Column(_("From")), Column("", "actions")]


def create(site: Site) -> None:
    """Registers `/settings/audit-log`."""

    @site.page(PATH, title=_("Audit log"))
    async def audit_log(visit: Visit, actor: str = "") -> None:
        with page_header(_("Settings"), _("Settings of the whole workspace.")):
            pass
        settings_tabs(visit, PATH)
        if not visit.is_owner:
            with empty_state("lock", _("For owners"), _("Only an owner of the workspace can see who did what.")):
                pass
            return
        await AuditPage(visit, actor).draw()


class AuditPage:
    """The audit log page of one visit."""

    def __init__(self, visit: Visit, actor_id: str) -> None:
        self._visit = visit
        self._actor_id = actor_id

    async def draw(self) -> None:
        """Draws everything. Raises Refused."""
        with div("cluster"):
            self._act = ui.select(
                {"": _("Everything"), **{act: name_of_method(act) for act in ACTS}}, value="", label=_("What")
            ).classes("setting-field")
            self._period = ui.select(PERIODS, value=0, label=_("When")).classes("audit-period")
            self._act.on_value_change(self._refresh)
            self._period.on_value_change(self._refresh)
            if self._actor_id:
                a(_("Acts of everybody"), PATH)
        self._dialogs = div()
        self._table: PagedTable[AuditEntry] = PagedTable(
            _("Audit log"), COLUMNS, self._fetch, self._cells, key=lambda entry: entry.id, on_empty=self._empty
        )
        await self._table.refresh()

    async def _refresh(self) -> None:
        await self._table.refresh(from_start=True)

    async def _fetch(self, page_token: str | None) -> PageOf[AuditEntry]:
        request = ListAuditEntriesRequest(
            page_size=PAGE_SIZE,
            page_token=page_token,
            actor_id=self._actor_id or None,
            method=self._act.value or None,
            since=_days_ago(self._period.value),
        )
        found = await self._visit.ask(self._visit.core.audit.ListAuditEntries, request)
        return PageOf(found.audit_entries, found.next_page_token)

    def _empty(self) -> None:
        with empty_state(
            "history", _("Nothing to show"), _("No act of administration matches. Choose another period.")
        ):
            pass

    def _cells(self, entry: AuditEntry) -> Sequence[Cell]:
        details = _("Details of: {deed}").format(deed=deed_of(entry))
        return [
            partial(ago, entry.occurred_at),
            partial(_actor, entry),
            partial(text, deed_of(entry)),
            partial(text, entry.client_address or _("unknown"), "muted small mono"),
            partial(icon_button, "more_horiz", details, partial(self._details, entry)),
        ]

    def _details(self, entry: AuditEntry) -> None:
        with self._dialogs, dialog(f"{actor_of(entry)} {deed_of(entry)}") as shown:
            with facts():
                for name, value in (
                    (_("Method"), entry.method),
                    (_("Time (UTC)"), entry.occurred_at.ToDatetime().isoformat(sep=" ", timespec="seconds")),
                    (_("From address"), entry.client_address or _("unknown")),
                    (_("Request id"), entry.request_id or _("none")),
                    (_("Subject"), entry.subject_id or _("none")),
                ):
                    with fact(name, value):
                        pass
            snippet(entry.request.json, _("request without secrets"))
            with dialog_actions():
                secondary(_("Close"), shown.close)
        gone_when_closed(shown)
        shown.open()


def _days_ago(days: int) -> Timestamp | None:
    if not days:
        return None
    moment = Timestamp()
    moment.FromDatetime(dt.datetime.now(dt.UTC) - dt.timedelta(days=days))
    return moment


def _actor(entry: AuditEntry) -> None:
    name = actor_of(entry)
    if entry.actor_id:
        a(name, f"{PATH}?actor={entry.actor_id}", "quiet-link")
    else:
        text(name)
