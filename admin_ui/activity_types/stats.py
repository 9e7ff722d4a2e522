"""Numbers and texts side by side."""

from dataclasses import replace

from admin_ui.activity_types.card_type import Body, State
from admin_ui.activity_types.metrics import Metrics, Tiles
from admin_ui.texts import _


class Stats(Metrics):
    """Up to 8 numbers or texts, without gauges."""

    label = _("Stats")

    def read(self, state: State, color: str) -> Body:
        """As metrics, without gauges."""
        tiles = super().read(state, color)
        assert isinstance(tiles, Tiles)  # noqa: S101 - what metrics are drawn as
        return replace(tiles, metrics=tuple(replace(metric, fraction=None) for metric in tiles.metrics))


TYPE = Stats()
