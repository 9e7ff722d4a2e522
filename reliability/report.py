"""The table, for people and for docs/reliability.md."""

from collections.abc import Sequence
from pathlib import Path

from reliability.count import Count

BEGIN, END = "<!-- results: written by `make reliability` -->", "<!-- end of results -->"
HEADINGS = (
    "fault", "how much", "pushes sent", "promised", "shown", "missing", "twice", "PUTs promised", "streams behind",
    "refused", "caught up after",
)  # fmt: skip


def table(counts: Sequence[Count], skipped: Sequence[tuple[str, str]], machine: dict[str, str]) -> str:
    """The whole report in Markdown."""
    lines = [f"Measured {machine['date']} on {machine['cores']} cores ({machine['CPU']}), {machine['kernel']},",
             f"{machine['Python']}, PostgreSQL {machine['PostgreSQL']}.", ""]  # fmt: skip
    lines += ["| " + " | ".join(HEADINGS) + " |", "|" + "|".join(["---"] * 2 + ["--:"] * (len(HEADINGS) - 2)) + "|"]
    lines += ["| " + " | ".join(_cells(count)) + " |" for count in counts]
    lines += ["", *(f"Not run here: {name}, {why}." for name, why in skipped)] if skipped else []
    wrong = [f"{count.fault}: {answer}" for count in counts for answer in count.wrong]
    lines += ["", "Answers that should not have been given:", *(f"- {answer}" for answer in wrong)] if wrong else []
    return "\n".join(lines)


def write(path: Path, text: str) -> None:
    """Puts the table between the marks of the page.

    Raises ValueError if they are not there.
    """
    page = path.read_text()
    head, tail = page.index(BEGIN) + len(BEGIN), page.index(END)
    path.write_text(f"{page[:head]}\n{text}\n{page[tail:]}")


def _cells(count: Count) -> tuple[str, ...]:
    return (
        count.fault,
        count.happened,
        f"{count.sent:,}",
        f"{count.promised:,}",
        f"{count.shown:,}",
        _zero(count.missing),
        _zero(count.twice),
        f"{count.puts_promised:,} of {count.puts:,}",
        _zero(count.streams_behind + count.cards_too_many),
        f"{count.refused:,}",
        f"{count.catch_up_seconds:.1f} s",
    )


def _zero(number: int) -> str:
    return "0" if not number else f"**{number}**"
