"""The account's metrics, which phones show in widgets."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1 import metric_service_pb2 as pb

from admin_ui.components.buttons import icon_button, primary
from admin_ui.components.copying import snippet
from admin_ui.components.html import code, div, text
from admin_ui.components.layout import card, page_header
from admin_ui.components.paged_table import Cell, Column, PagedTable, PageOf
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit
from admin_ui.widgets.dialogs import MetricDialogs
from admin_ui.widgets.words import FORMATS, value_words

COLUMNS = (
    Column(_("Metric")),
    Column(_("Value"), "num"),
    Column(_("Measured")),
    Column(_("Kind")),
    Column(_("Actions"), "actions"),
)
REFRESH_SECONDS = 5.0


def create(site: Site) -> None:
    """Registers `/widgets`."""

    @site.page("/widgets", title=_("Widgets"))
    async def widgets(visit: Visit) -> None:
        await WidgetsPage(visit).draw()


class WidgetsPage:
    """The list of metrics and what is done with them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._dialogs = MetricDialogs(visit)

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        about = _("Values that phones show in widgets. A widget reads them about every 15 minutes, when iOS lets it.")
        with page_header(_("Widgets"), about):
            primary(_("Create metric"), self._create, icon="add")
        self._table: PagedTable[pb.Metric] = PagedTable(
            _("Metrics"), COLUMNS, self._fetch, self._cells, key=lambda metric: metric.key, on_empty=self._draw_empty
        )
        self._example = div()
        await self._table.refresh()
        ui.timer(REFRESH_SECONDS, self._table.refresh)

    async def _fetch(self, page_token: str | None) -> PageOf[pb.Metric]:
        found = await self._visit.ask(self._visit.core.metrics.ListMetrics, pb.ListMetricsRequest())
        self._show_example(found.metrics)
        return PageOf(found.metrics, "")

    def _show_example(self, metrics: Sequence[pb.Metric]) -> None:
        if bool(metrics) is bool(self._example.default_slot.children):
            return
        self._example.clear()
        if metrics:
            with self._example, card(_("Set a value"), _("From any backend, as often as it changes.")):
                snippet(_curl(metrics[0], self._visit.settings.gateway_url), "curl example")

    def _draw_empty(self) -> None:
        explanation = _("Make one for a number that you like to see at a glance: sign-ups, revenue, open incidents.")
        with empty_state("widgets", _("No metrics yet"), explanation):
            primary(_("Create your first metric"), self._create, icon="add")

    def _cells(self, metric: pb.Metric) -> Sequence[Cell]:
        definition = _definition(metric)
        return (
            partial(_name, definition),
            partial(text, value_words(metric), "strong"),
            partial(ago, metric.latest_value_at if metric.HasField("latest_value_at") else None),
            partial(text, FORMATS.get(metric.format, ""), "muted"),
            partial(self._actions, definition),
        )

    def _actions(self, metric: pb.Metric) -> None:
        with div():
            icon_button("edit", _("Change {label}").format(label=metric.label), partial(self._redefine, metric))
            icon_button("delete", _("Delete {label}").format(label=metric.label), partial(self._delete, metric))

    def _create(self) -> None:
        self._dialogs.create(self._table.refresh)

    def _redefine(self, metric: pb.Metric) -> None:
        self._dialogs.redefine(metric, self._table.refresh)

    async def _delete(self, metric: pb.Metric) -> None:
        if await self._dialogs.delete(metric):
            await self._table.refresh()


def _definition(metric: pb.Metric) -> pb.Metric:
    """The metric without its value, which changes all the time."""
    definition = pb.Metric()
    definition.CopyFrom(metric)
    for name in ("latest_value", "latest_value_text", "latest_value_at"):
        definition.ClearField(name)
    return definition


def _name(metric: pb.Metric) -> None:
    with div("stack-tight"):
        text(metric.label, "strong")
        with div():
            code(metric.key)


def _curl(metric: pb.Metric, gateway_url: str) -> str:
    value = '"all good"' if metric.format == pb.METRIC_FORMAT_STRING else "42"
    return " \\\n  ".join(
        [
            f"curl -X POST {gateway_url}/api/metrics/{metric.key}/value",
            '-H "Authorization: Bearer $ACTIVITYSMITH_API_KEY"',
            '-H "Content-Type: application/json"',
            f"-d '{{\"value\": {value}}}'",
        ]
    )
