"""Which servers are measured: in which layout, and of which checkout."""

from dataclasses import dataclass
from pathlib import Path

OURS = Path(__file__).parents[1]
SPLIT, SINGLE = "split", "single"
"""Gateway, core and delivery as three processes, or as one."""
BOTH = "both"
LAYOUTS = {SPLIT: (SPLIT,), SINGLE: (SINGLE,), BOTH: (SPLIT, SINGLE)}


class CannotCompare(Exception):
    """The other checkout cannot be run as asked."""


@dataclass(frozen=True)
class Kind:
    """A server to measure."""

    layout: str
    checkout: Path = OURS
    baseline: str = ""
    """The name of the one that it is compared with; empty if there is none."""

    @property
    def name(self) -> str:
        """How the table calls it."""
        return self.layout if self.checkout == OURS else f"{self.layout} of {self.checkout.name}"

    @property
    def smith(self) -> Path:
        """Its command."""
        return self.checkout / ".venv" / "bin" / "smith"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.checkout / ".venv" / "bin" / "python"

    @property
    def settings(self) -> dict[str, str]:
        """What makes it so."""
        return {"SMITH_SINGLE_PROCESS": "1" if self.layout == SINGLE else "0"}


def kinds_of(layout: str, against: Path | None) -> list[Kind]:
    """The servers of a run. Each of ours is compared with the other checkout's in the same layout; without another
    checkout, one process is compared with three.

    Raises CannotCompare if the other checkout has no `smith` to run, or cannot run in the layout.
    """
    layouts = LAYOUTS[layout]
    if against is None:
        first = Kind(layouts[0])
        return [first, *(Kind(other, baseline=first.name) for other in layouts[1:])]
    against = against.resolve()
    found = []
    for one in layouts:
        other = Kind(one, against)
        if not other.smith.exists():
            raise CannotCompare(f"{other.smith} is not there: run `make .venv/.stamp-run` in that folder")
        if one == SINGLE and not (against / "single_process").exists():
            raise CannotCompare(f"{against} cannot run as one process: use --layout {SPLIT}")
        found += [other, Kind(one, baseline=other.name)]
    return found
