"""The dialogs that define, redefine and delete a metric."""

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from smith.core.v1 import metric_service_pb2 as pb

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.dialogs import confirm, dialog, dialog_actions, gone_when_closed
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, p
from admin_ui.core import Refused
from admin_ui.texts import _
from admin_ui.visit import Visit
from admin_ui.widgets.words import FORMATS

Done = Callable[[], Awaitable[None]]
LABELS = {"key": _("Key"), "label": _("Name"), "currency_code": _("Currency"), "unit": _("Unit")}


class MetricDialogs:
    """Defines, redefines and deletes metrics, each by a dialog."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._stage = div("hidden")

    def create(self, done: Done) -> None:
        """Opens the dialog for a new metric; `done` is awaited when it is there."""

        async def save(key: str, **definition: Any) -> None:
            request = pb.CreateMetricRequest(key=key, **definition)
            await self._visit.ask(self._visit.core.metrics.CreateMetric, request)
            await done()

        self._open(_("Create metric"), _("Create"), None, save)

    def redefine(self, metric: pb.Metric, done: Done) -> None:
        """Opens the dialog for another name or format; `done` is awaited when they are changed."""

        async def save(key: str, **definition: Any) -> None:
            request = pb.UpdateMetricRequest(key=key, **definition)
            await self._visit.ask(self._visit.core.metrics.UpdateMetric, request)
            await done()

        self._open(_("Change {label}").format(label=metric.label), _("Save"), metric, save)

    async def delete(self, metric: pb.Metric) -> bool:
        """Asks, and deletes the metric. True if it was deleted. Raises Refused."""
        with self._stage:
            agreed = await confirm(
                _("Delete {label}?").format(label=metric.label),
                _("Widgets that show it become empty, and requests that set it are refused from then on."),
                _("Delete metric"),
            )
        if agreed:
            await self._visit.ask(self._visit.core.metrics.DeleteMetric, pb.DeleteMetricRequest(key=metric.key))
        return agreed

    def _open(self, title: str, verb: str, metric: pb.Metric | None, save: Callable[..., Awaitable[None]]) -> None:
        with self._stage, dialog(title) as shown:
            form = _Form(metric)
            problem = p("", "problem")

            async def submit() -> None:
                problem.text = ""
                form.forgive()
                try:
                    await save(**form.read())
                except Refused as refusal:
                    if refusal.is_signed_out:
                        raise
                    field, words = show_refusal(refusal, LABELS)
                    if field:
                        form.inputs[field].error = words
                    else:
                        problem.text = words
                else:
                    shown.close()

            with dialog_actions():
                secondary(_("Cancel"), shown.close)
                primary(verb, submit)
        gone_when_closed(shown)
        shown.open()


class _Form:
    """The inputs of a definition. Those that the format does not have are hidden."""

    def __init__(self, metric: pb.Metric | None) -> None:
        given = metric or pb.Metric(format=pb.METRIC_FORMAT_NUMBER)
        self._label = ui.input(_("Name"), value=given.label, placeholder=_("Revenue today")).props(
            "autofocus maxlength=80"
        )
        self._key = ui.input(_("Key"), value=given.key, placeholder="revenue.today").props("maxlength=64")
        self._key.set_enabled(metric is None)
        self._format = ui.select(dict(FORMATS), label=_("Value"), value=given.format, on_change=self._arrange)
        self._currency = ui.input(_("Currency"), value=given.currency_code, placeholder="EUR").props("maxlength=3")
        self._unit = ui.input(_("Unit"), value=given.unit, placeholder="ms").props("maxlength=16")
        self._space = ui.checkbox(
            _("A space before the unit"), value=given.unit_spacing == pb.METRIC_UNIT_SPACING_SPACE
        )
        self.inputs = {"key": self._key, "label": self._label, "currency_code": self._currency, "unit": self._unit}
        self._arrange()

    def read(self) -> dict[str, Any]:
        """The fields of the request, those of the chosen format only."""
        kind, key = self._format.value, (self._key.value or "").strip()
        asked: dict[str, Any] = {"key": key, "label": (self._label.value or "").strip() or key or None, "format": kind}
        if kind == pb.METRIC_FORMAT_CURRENCY:
            asked["currency_code"] = (self._currency.value or "").strip()
        if kind == pb.METRIC_FORMAT_UNIT:
            asked["unit"] = (self._unit.value or "").strip()
            asked["unit_spacing"] = pb.METRIC_UNIT_SPACING_SPACE if self._space.value else pb.METRIC_UNIT_SPACING_NONE
        return asked

    def forgive(self) -> None:
        """Removes all errors."""
        for one in self.inputs.values():
            one.error = None

    def _arrange(self) -> None:
        self._currency.set_visibility(self._format.value == pb.METRIC_FORMAT_CURRENCY)
        for element in (self._unit, self._space):
            element.set_visibility(self._format.value == pb.METRIC_FORMAT_UNIT)
