"""The value of a metric as people read it."""

from smith.core.v1 import metric_service_pb2 as pb

from admin_ui.activity_types.card_type import number_text
from admin_ui.texts import _

FORMATS = {
    pb.METRIC_FORMAT_NUMBER: _("Number"),
    pb.METRIC_FORMAT_CURRENCY: _("Money"),
    pb.METRIC_FORMAT_PERCENT: _("Percentage"),
    pb.METRIC_FORMAT_UNIT: _("Number with a unit"),
    pb.METRIC_FORMAT_STRING: _("Text"),
}
HUGE = 1e15
"""From here on a number has an exponent."""


def value_words(metric: pb.Metric) -> str:
    """The value with its unit; a dash before the first."""
    if metric.HasField("latest_value_text"):
        return metric.latest_value_text
    if not metric.HasField("latest_value"):
        return "–"
    figure = _grouped(metric.latest_value, is_money=metric.format == pb.METRIC_FORMAT_CURRENCY)
    match metric.format:
        case pb.METRIC_FORMAT_CURRENCY:
            return f"{figure} {metric.currency_code}"
        case pb.METRIC_FORMAT_PERCENT:
            return f"{figure} %"
        case pb.METRIC_FORMAT_UNIT:
            return f"{figure}{' ' if metric.unit_spacing == pb.METRIC_UNIT_SPACING_SPACE else ''}{metric.unit}"
    return figure


def _grouped(value: float, *, is_money: bool) -> str:
    """As 1,240.5; amounts of money that are not whole have two decimals."""
    if abs(value) >= HUGE:
        return number_text(value)
    figure = f"{value:,.2f}"
    return figure.removesuffix(".00") if is_money else figure.rstrip("0").rstrip(".")
