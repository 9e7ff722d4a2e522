"""The clock of the simulated phones, which can be put forward."""

import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.files import replace_file

MAX_OFFSET = 20 * 365 * 86_400.0
"""Seconds; beyond it dates could leave the range of some formats."""


class _ClockFile(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    offset_seconds: float = Field(0.0, ge=0, le=MAX_OFFSET)


class Clock:
    """Time as the phones see it: the machine's, `offset_seconds` ahead.

    APNs judges provider tokens by the machine's own time.
    """

    def __init__(self, offset_seconds: float = 0.0, *, time_source: Callable[[], float] = time.time) -> None:
        self.offset_seconds = offset_seconds
        self._time_source = time_source

    def now(self) -> float:
        """UNIX seconds."""
        return self._time_source() + self.offset_seconds

    def now_ms(self) -> int:
        """Milliseconds since the epoch, whole."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Puts the clock forward. Raises ValueError if it would go back, or more than 20 years ahead in all."""
        offset = self.offset_seconds + seconds
        if seconds < 0 or not offset <= MAX_OFFSET:
            raise ValueError("the clock goes forward only, and at most 20 years")
        self.offset_seconds = offset


class ClockFile:
    """Keeps the offset between runs. The methods block and raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "clock.json"

    def load(self) -> Clock:
        """The clock as it was saved; without a file, the machine's. Raises ValueError naming an unreadable file."""
        if not self._path.exists():
            return Clock()
        try:
            return Clock(_ClockFile.model_validate_json(self._path.read_bytes()).offset_seconds)
        except ValidationError as error:
            raise ValueError(f"{self._path} cannot be understood ({error.error_count()} mistakes)") from None

    def save(self, clock: Clock) -> None:
        """Writes the offset."""
        replace_file(self._path, _ClockFile(offset_seconds=clock.offset_seconds).model_dump_json().encode())
