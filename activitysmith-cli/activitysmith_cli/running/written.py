"""The recent output of a command, and the line, percentage or step in it that a card shows."""

import re

from activitysmith_cli.running.graphemes import overwritten, shown, without_cut_start

KEPT_BYTES = 4096
"""Bytes that are kept of each stream: more than any line that fits on a card."""
CONTROL_SEQUENCES = re.compile(
    # ECMA-48: CSI sequences, strings such as OSC (window titles, links), two- and three-character escapes.
    # The last one may be incomplete.
    r"\x1b\[[0-?]*[ -/]*(?:[@-~]|\Z)|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)|\x1b[ -/]*(?:[0-~]|\Z)"
)
PERCENTAGE = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d+)?)\s?%")
STEP = re.compile(r"\[\s*(\d{1,3})/(\d{1,3})\]|\bstep (\d{1,3})(?:/| of )(\d{1,3})\b", re.IGNORECASE)
MOST_STEPS = 50
"""Most steps; more segments could not be told apart."""
NOT_TEXT = "\N{REPLACEMENT CHARACTER}"


class Written:
    """The latest output of each stream. One thread writes it, another reads it."""

    def __init__(self) -> None:
        self._ends: dict[int, bytes] = {}
        self._latest = 0

    def feed(self, stream: int, data: bytes) -> None:
        """Adds output of this stream. The cost does not grow with the amount."""
        self._ends[stream] = (self._ends.get(stream, b"")[-KEPT_BYTES:] + data[-KEPT_BYTES:])[-KEPT_BYTES:]
        self._latest = stream

    def last_line(self) -> str:
        """The last line with visible text, without control sequences; empty if there is none."""
        lines = self._lines()
        return lines[-1] if lines else ""

    def percentage(self) -> float | None:
        """The last percentage that was written, 0 to 100."""
        for line in reversed(self._lines()):
            numbers = [float(found) for found in PERCENTAGE.findall(line)]
            numbers = [number for number in numbers if number <= 100]
            if numbers:
                return numbers[-1]
        return None

    def step(self) -> tuple[int, int] | None:
        """The last step that was written, as `[3/7]` or `step 3 of 7`: which, and of how many."""
        for line in reversed(self._lines()):
            for found in reversed(list(STEP.finditer(line))):
                current, total = (int(number) for number in found.groups() if number is not None)
                if 1 <= current <= total <= MOST_STEPS:
                    return current, total
        return None

    def _lines(self) -> list[str]:
        """The lines of the stream that was written to last, or else of the others."""
        ends = dict(self._ends)
        for stream in sorted(ends, key=lambda one: one != self._latest):
            text = CONTROL_SEQUENCES.sub("", ends[stream].decode(errors="replace"))
            lines = [_readable(line) for line in re.split(r"[\r\n]+", text)]
            if any(lines):
                return [line for line in lines if line]
        return []


def _readable(line: str) -> str:
    if 4 * line.count(NOT_TEXT) > len(line):
        return ""
    left = overwritten(without_cut_start(line.replace(NOT_TEXT, " ")))
    return " ".join(without_cut_start(shown(left)).split())
