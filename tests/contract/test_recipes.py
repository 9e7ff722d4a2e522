"""The recipes in CONTRIBUTING.md name every file that has to be touched by hand, and these are few."""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from smith.core.v1.live_activity_pb2 import LiveActivityType

from admin_ui.activity_types.registry import TYPES
from tests.packages import CLIENT, SERVER

ROOT = Path(__file__).parents[2]
MOST = 8
"""Files of the server."""
MOST_OF_THE_APP = 3
APP = ("ios/SmithKit/Sources", "ios/Smith", "ios/SmithNotificationService", "ios/SmithWidgets", "ios/Shared")
PRODUCT = (*SERVER, CLIENT, "proto", *APP)
GENERATED = ("activitysmith-cli/activitysmith_cli/contract.py", "proto/last_release.binpb")
OPTIONAL = "you like"
TYPE, TYPE_IN_SWIFT = "TYPE", "TypeCard"
"""Stand for the type's name in the recipe."""

USED_BY = {
    "redirection": {
        "simulator/phones/service.py",  # a tap follows it
        "gateway/openapi/examples/push_notifications.py",
        "admin_ui/sending/to_core.py",
        "core_service/sending/web_form.py",  # a click on a browser's notification follows it
        "gateway/phone/worker/clicked.js",
        "simulator/browsers/payload.py",
        "simulator/browsers/shown.py",
        "admin_ui/components/browser_window.py",
        "core_service/status/alert_pushes.py",  # a tap on an alert opens the page about the server
        "ios/SmithKit/Sources/SmithKit/Samples/SampleServer.swift",  # what Xcode's previews show
    },
    "countdown": {"ios/SmithKit/Sources/SmithKit/Samples/SampleCards.swift"},
    "segmented_progress": {
        "activitysmith-cli/activitysmith_cli/commands/run.py",  # how `activitysmith run` shows a command
        "activitysmith-cli/activitysmith_cli/running/card.py",
        "admin_ui/activities/examples.py",
        "gateway/openapi/examples/live_activities.py",
        "ios/SmithKit/Sources/SmithKit/Samples/SampleCards.swift",
    },
}
"""Who makes use of what is there already: adding something of its kind touches none of these."""


@dataclass(frozen=True)
class Step:
    """One row of a recipe."""

    path: str
    when: str


def recipe(title: str) -> list[Step]:
    """The rows of the table below a heading of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    steps = [Step(path, when) for path, when in re.findall(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", section, re.MULTILINE)]
    assert steps, title
    return steps


def of_type(step: Step, name: str) -> str:
    """The file that is meant for this type: `countdown.py`, `CountdownCard.swift`."""
    in_swift = "".join(word.capitalize() for word in name.split("_")) + "Card"
    return step.path.replace(TYPE, name).replace(TYPE_IN_SWIFT, in_swift)


FIELD, ACTIVITY_TYPE = recipe("Adding a field to a push"), recipe("Adding a type of Live Activity")


def files_naming(word: str) -> set[str]:
    """Files of the product, written by hand, that name it: as a literal, an attribute, a parameter, a field."""
    return {path for path, names in names_by_file().items() if word in names}


@functools.cache
def names_by_file() -> dict[str, frozenset[str]]:
    """What each of the product's files names that are written by hand."""
    paths = {str(path.relative_to(ROOT)): path for folder in PRODUCT for path in (ROOT / folder).rglob("*.*")}
    return {name: frozenset(names_in(path)) for name, path in paths.items() if name not in GENERATED}


def names_in(path: Path) -> Iterator[str]:
    """All that a file names."""
    if path.suffix in (".proto", ".css", ".js", ".html", ".swift"):
        yield from re.findall(r"\w+", path.read_text())
    if path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=str(name)) | ast.Attribute(attr=name) | ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


@pytest.mark.parametrize("steps", [FIELD, ACTIVITY_TYPE], ids=["field", "type"])
def test_a_recipe_names_files_that_exist(steps: list[Step]) -> None:
    for step in steps:
        assert (ROOT / of_type(step, next(iter(TYPES)))).is_file(), step.path


def test_a_recipe_takes_few_files() -> None:
    """A field is Apple's or the app's, and may be seen; a type has fields of its own, or goes by steps."""
    for steps, kinds in (
        (FIELD, [{"it is Apple's", "it is seen"}, {"it is the app's", "it is seen"}]),
        (ACTIVITY_TYPE, [{"it has fields of its own"}, {"it goes by steps"}]),
    ):
        assert {step.when for step in steps} == set.union(
            {"always"}, *kinds, {step.when for step in steps} & {OPTIONAL}
        )
        for kind in kinds:
            needed = [step for step in steps if step.when in {"always", *kind}]
            of_the_app = sum(step.path.startswith("ios/") for step in needed)
            assert of_the_app <= MOST_OF_THE_APP
            assert len(needed) - of_the_app <= MOST


@pytest.mark.parametrize(
    ("steps", "sample"),
    [(FIELD, "redirection"), (ACTIVITY_TYPE, "countdown"), (ACTIVITY_TYPE, "segmented_progress")],
)
def test_no_other_file_of_the_product_names_what_is_there_already(steps: list[Step], sample: str) -> None:
    named = {of_type(step, sample) for step in steps}
    assert files_naming(sample) - USED_BY[sample] <= named


@pytest.mark.parametrize("sample", ["redirection", "sound"])
def test_the_recipe_for_a_field_names_no_file_in_vain(sample: str) -> None:
    whens = {"redirection": {"it is the app's", "it is seen"}, "sound": {"it is Apple's"}}[sample]
    for step in FIELD:
        if step.when in {"always", *whens} and step.path.startswith(PRODUCT):
            assert step.path in files_naming(sample), step.path


def test_the_admin_has_one_file_for_each_type() -> None:
    prefix = LiveActivityType.DESCRIPTOR.values[0].name.removesuffix("UNSPECIFIED")
    names = [value.name.removeprefix(prefix).lower() for value in LiveActivityType.DESCRIPTOR.values[1:]]
    assert list(TYPES) == names
    assert all(type(kind).__module__ == f"admin_ui.activity_types.{name}" for name, kind in TYPES.items())
