"""The log of requests: what programs and phones asked of the API, and what they were answered."""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlencode

from nicegui import ui
from smith.core.v1.api_key_service_pb2 import ListApiKeysRequest
from smith.core.v1.logged_request_pb2 import LoggedRequest, RequestLogGap
from smith.core.v1.request_log_service_pb2 import ListRequestsRequest

from admin_ui.components.buttons import link_button, secondary
from admin_ui.components.html import a, code, div, text
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf
from admin_ui.components.search import search_field
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.requests.words import PATH, caller_of, fault_of, outcome_of, tone_of, took
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

STATUSES = {"": _("Any answer"), "2": _("Done"), "4": _("Refused"), "5": _("Server errors")}
"""By the first digit of the status."""
PERIODS = {"": _("Any time"), "1": _("Last hour"), "24": _("Last 24 hours"), "168": _("Last 7 days")}
"""In hours."""
COLUMNS = (
    Column(_("When"), "request-when"),
    Column(_("Request"), "request-what"),
    Column(_("Answer"), "request-answer"),
    Column(_("From"), "request-from"),
    Column(_("Took"), "num request-took"),
    Column(_("Why"), "request-why"),
)
MOST_PAGES = 10
"""Pages of the server without a row that are passed over for one page of ours."""
MOST_KEYS = 1000
MOST_ID = 64

Row = LoggedRequest | RequestLogGap


def create(site: Site) -> None:
    """Registers `/requests`."""

    @site.page(PATH, title=_("Requests"))
    async def requests(
        visit: Visit,
        *,
        status: str = "",
        key: str = "",
        path: str = "",
        hours: str = "",
        request_id: str = "",
        notification: str = "",
        activity: str = "",
    ) -> None:
        with page_header(
            _("Requests"), _("What your programs and phones asked of the API, and what they were answered.")
        ):
            pass
        if not visit.is_owner:
            with empty_state("lock", _("For owners"), _("Only an owner of the workspace can see the requests.")):
                pass
            return
        about = {"notification": notification, "activity": activity}
        chosen = {"status": status, "key": key, "path": path, "hours": hours, "request_id": request_id}
        await RequestsPage(visit, chosen, about).draw()


class RequestsPage:
    """The list. The filters are in its address, so that it can be passed on."""

    def __init__(self, visit: Visit, chosen: dict[str, str], about: dict[str, str]) -> None:
        self._visit = visit
        self._chosen = chosen
        self._about = {name: value for name, value in about.items() if value}

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        keys = await self._keys()
        with div("log-filters requests-filters"):
            self._path = search_field(_("Find by path"), self._refresh, value=self._chosen["path"])
            self._request = search_field(_("Find by request id"), self._refresh, value=self._chosen["request_id"])
            self._request.props(f"maxlength={MOST_ID}")
            self._status = self._select(STATUSES, self._chosen["status"], _("Answer"))
            self._key = self._select(keys, self._chosen["key"], _("API key"))
            self._period = self._select(PERIODS, self._chosen["hours"], _("Time"))
            secondary(_("Refresh"), self._refresh, icon="refresh")
        if self._about:
            with div("cluster"):
                is_push = "notification" in self._about
                text(_("Only about this notification:") if is_push else _("Only about this Live Activity:"), "muted")
                code(next(iter(self._about.values())))
                a(_("Show everything"), PATH)
        with div("requests"):
            self._table: PagedTable[Row] = PagedTable(
                _("Requests"), COLUMNS, self._fetch, self._cells, key=_key, on_empty=self._empty
            )
        await self._table.refresh()

    def _select(self, options: dict[str, str], value: str, label: str) -> ui.select:
        # A key that was revoked is no option any more; its address still works.
        known = options if value in options else {**options, value: value}
        field = ui.select(known, value=value, on_change=self._refresh)
        field.props["aria-label"] = label
        return field

    async def _keys(self) -> dict[str, str]:
        request = ListApiKeysRequest(page_size=MOST_KEYS)
        found = (await self._visit.ask(self._visit.core.api_keys.ListApiKeys, request)).api_keys
        return {"": _("Any caller"), **{key.id: key.name for key in found}}

    def _filters(self) -> dict[str, str]:
        chosen = {
            "status": self._status.value,
            "key": self._key.value,
            "path": self._path.value,
            "hours": self._period.value,
            "request_id": self._request.value,
        }
        return {name: value.strip() for name, value in chosen.items() if value and value.strip()} | self._about

    async def _refresh(self) -> None:
        filters = self._filters()
        ui.navigate.history.replace(f"{PATH}?{urlencode(filters)}" if filters else PATH)
        await self._table.refresh(from_start=True)

    async def _fetch(self, page_token: str | None) -> PageOf[Row]:
        asked = self._asked()
        rows: list[Row] = []
        for _page in range(MOST_PAGES):
            asked.page_token = page_token or ""
            if not page_token:
                asked.ClearField("page_token")
            found = await self._visit.ask(self._visit.core.request_log.ListRequests, asked)
            rows += found.requests
            # What is missing is in the list of all requests only: what the missing ones were is not known.
            rows += () if self._is_filtered() else found.gaps
            page_token = found.next_page_token
            if rows or not page_token:
                break
        return PageOf(sorted(rows, key=_when, reverse=True), page_token or "")

    def _asked(self) -> ListRequestsRequest:
        filters = self._filters()
        asked = ListRequestsRequest(
            page_size=PAGE_SIZE,
            path=filters.get("path"),
            request_id=filters.get("request_id"),
            api_key_id=filters.get("key"),
            notification_id=filters.get("notification"),
            activity_id=filters.get("activity"),
        )
        if (status := filters.get("status", "")).isdigit():
            if len(status) == 1:
                asked.status_class = int(status)
            else:
                asked.status = int(status[:3])
        if (hours := filters.get("hours", "")).isdigit():
            asked.since.FromDatetime(dt.datetime.now(dt.UTC) - dt.timedelta(hours=min(int(hours[:5]), 24 * 3650)))
        return asked

    def _is_filtered(self) -> bool:
        return bool(self._filters().keys() - {"hours"})

    def _empty(self) -> None:
        if self._filters():
            with empty_state("search_off", _("Nothing is found"), _("Try another answer, caller or time.")):
                pass
            return
        explanation = _(
            "Whatever a program, a phone or a person asks of the API is here a second later, with its answer. "
            "Make an API key, and send the example that comes with it."
        )
        with empty_state("swap_vert", _("No request yet"), explanation):
            link_button(_("Open API keys"), "/api-keys", icon="key", primary=True)

    def _cells(self, row: Row) -> Sequence[Cell]:
        if isinstance(row, RequestLogGap):
            words = ngettext(
                "{requests:,} request of this minute is missing: there were too many to keep",
                "{requests:,} requests of this minute are missing: there were too many to keep",
                row.requests,
            ).format(requests=row.requests)
            return (partial(ago, row.minute), partial(text, words, "muted"), *[partial(div)] * (len(COLUMNS) - 2))
        return (
            partial(ago, row.occurred_at),
            partial(_request, row),
            partial(badge, outcome_of(row.status), tone_of(row.status)),
            partial(_caller, row),
            partial(text, took(row.latency_ms)),
            partial(_one_line, fault_of(row) or _ignored(row), "muted"),
        )


def _key(row: Row) -> str | int:
    return _when(row) if isinstance(row, RequestLogGap) else row.id


def _when(row: Row) -> int:
    moment = row.minute if isinstance(row, RequestLogGap) else row.occurred_at
    return moment.ToNanoseconds()


def _request(row: LoggedRequest) -> None:
    name = f"{row.method} {row.path}".strip()
    link = a("", f"{PATH}/{row.id}", "request-link")
    link.props["title"] = name
    with link:
        text(row.method, "request-method")
        text(row.path or _("(unknown path)"), "request-path")


def _caller(row: LoggedRequest) -> None:
    with div("request-caller"):
        _one_line(caller_of(row))
        if row.caller_revoked:
            badge(_("Revoked"), "bad")


def _one_line(content: str, classes: str = "") -> None:
    text(content, f"one-line {classes}").props["title"] = content


def _ignored(row: LoggedRequest) -> str:
    return _("Ignored: {ignored_fields}").format(ignored_fields=row.ignored_fields) if row.ignored_fields else ""
