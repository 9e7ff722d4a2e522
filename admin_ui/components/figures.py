"""Numbers with their change, as they stand above charts and in tiles."""

from dataclasses import dataclass

from admin_ui.components.html import div, text
from admin_ui.texts import _

LITTLE = 0.5
"""Percent of a change that is not worth telling."""


@dataclass(frozen=True)
class Figure:
    """A number of a period. `color` is that of its row in the chart below, if there is one."""

    name: str
    value: int
    before: int = 0
    """The same of the period before, which was as long."""
    color: str = ""


def figures(shown: "list[Figure]", period: str) -> None:
    """Draws them in a row. `period` is how long it is, as in `24 hours`."""
    with div("figures"):
        for figure in shown:
            with div("figure"):
                with div("figure-name"):
                    if figure.color:
                        div("figure-dot").style(f"background: {figure.color}")
                    text(figure.name)
                with div("figure-line"):
                    text(f"{figure.value:,}", "figure-value")
                    if told := change(figure.value, figure.before):
                        note = text(told, "figure-change")
                        note.props["title"] = _("{number:,} in the {period} before").format(
                            number=figure.before, period=period
                        )


def change(now: int, before: int) -> str:
    """How a number has changed, in few words; empty if there is nothing to tell."""
    if not before:
        return _("none before") if now else ""
    percent = 100 * (now - before) / before
    if abs(percent) < LITTLE:
        return _("as before")
    sign = "+" if percent > 0 else "\N{MINUS SIGN}"
    if percent > 999:
        return _("{times:.0f}-fold").format(times=now / before)
    return f"{sign}{abs(percent):.0f}%"
