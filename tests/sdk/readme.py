"""The examples in the READMEs of the official SDKs, taken from the packages themselves."""

import re
from collections import Counter
from dataclasses import dataclass

from tests.sdk.packages import Packages

PART = re.compile(
    r"^(?P<level>#+) (?P<heading>[^\n]+)$|^```(?P<fence>\w*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL
)
FENCES = {"python": {"python", "py"}, "node": {"ts", "js", "typescript", "javascript", "mjs", "cjs"}}
MAKES_A_CLIENT = re.compile(r"= (?:new )?ActivitySmith\(")


@dataclass(frozen=True)
class Example:
    """A block of code."""

    language: str
    heading: str
    """What it stands under; with the heading above that one where a README has several of the same name."""
    place: int
    """Its number under this heading, from 0."""
    code: str

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.language}: {self.heading}" + (f" ({self.place + 1})" if self.place else "")

    @property
    def makes_a_client(self) -> bool:
        """Whether it is the beginning of a program."""
        return MAKES_A_CLIENT.search(self.code) is not None

    @property
    def ending(self) -> str:
        """Of the file, where the usual one does not fit the code."""
        return "cjs" if "= require(" in self.code else ""


def examples(packages: Packages, language: str) -> list[Example]:
    """All examples of the README, in its order."""
    parts = list(PART.finditer(packages.readme(language)))
    times = Counter(part["heading"].strip() for part in parts if part["heading"])
    above: dict[int, str] = {}
    found: list[Example] = []
    heading = ""
    for part in parts:
        if part["heading"]:
            level, own = len(part["level"]), part["heading"].strip()
            above = {other: text for other, text in above.items() if other < level} | {level: own}
            is_clear = times[own] == 1 or level - 1 not in above or level <= 2
            heading = own if is_clear else f"{above[level - 1]}: {own}"
        elif part["fence"] in FENCES[language]:
            place = sum(one.heading == heading for one in found)
            found.append(Example(language, heading, place, part["code"]))
    return found


def program(all_of_them: list[Example], example: Example) -> str:
    """The whole program: what makes the README's client, and then the example as it stands."""
    if example.makes_a_client:
        return example.code
    return next(one.code for one in all_of_them if one.makes_a_client) + example.code
