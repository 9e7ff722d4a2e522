"""ARCHITECTURE.md names files and areas that are there."""

import configparser
import re
from pathlib import Path

from tests.packages import CLIENT, SERVER

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
PRODUCT = (*SERVER, CLIENT)


def test_every_file_that_is_named_is_there() -> None:
    files = [
        str(path.relative_to(ROOT))
        for folder in (*PRODUCT, "ios", "tests", "scripts")
        for path in (ROOT / folder).rglob("*")
    ]
    named = set(re.findall(r"`([\w./-]+\.(?:py|sh|js|css|html|swift))`", TEXT))
    assert len(named) > 40
    assert [name for name in sorted(named) if not any(f"/{file}".endswith(f"/{name}") for file in files)] == []


def test_the_table_of_areas_is_whole_and_in_the_order_that_is_enforced() -> None:
    table = TEXT.partition("## Where things are in core")[2].partition("\n## ")[0]
    rows = [set(re.findall(r"`(\w+)`", line.split("|")[1])) for line in table.splitlines() if line.startswith("| `")]
    rules = configparser.ConfigParser()
    rules.read(ROOT / ".importlinter")
    enforced = [line.split(" | ") for line in rules["importlinter:contract:areas"]["layers"].split("\n") if line]
    level = {area.strip(): place for place, areas in enumerate(enforced) for area in areas}
    assert set().union(*rows) == set(level)
    levels = [max(level[area] for area in row) for row in rows]
    assert levels == sorted(levels), "from the top down"
