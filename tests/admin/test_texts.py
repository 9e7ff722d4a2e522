"""The texts of the web admin are in one catalog, from which a server takes its language."""

import ast
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pydantic import ValidationError

from admin_ui import assets, texts
from admin_ui.settings import AdminSettings
from admin_ui.texts import _, ngettext
from service_kit.settings import mistakes
from tests import pseudo_language

SOURCES = sorted(Path(texts.__file__).parent.rglob("*.py"))
TEMPLATE = texts.FOLDER / f"{texts.DOMAIN}.pot"
PLACE = re.compile(r'\{([^{}"]*)\}')
"""The name and form of a value. Braces with quotes are JSON, in a text that takes no values."""
FORMS = {"_": 1, "ngettext": 2}
"""How many texts each function takes."""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_po(io.BytesIO(TEMPLATE.read_bytes()))


@pytest.fixture
def german(tmp_path: Path) -> Iterator[Path]:
    """A folder with one language, of two texts. Afterwards texts are English again."""
    catalog = Catalog(locale="de", domain=texts.DOMAIN)
    catalog.add("Devices", "Geräte")
    catalog.add(("{count} device", "{count} devices"), ("{count} Gerät", "{count} Geräte"))
    file = texts.catalog_of("de", tmp_path)
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        write_mo(out, catalog)
    yield tmp_path
    texts.use(texts.SOURCE)


def calls() -> Iterator[tuple[str, ast.Call, bool]]:
    """Every call that asks for a text: where it is, and whether it is within an f-string."""
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        within = {
            id(part) for joined in ast.walk(tree) if isinstance(joined, ast.JoinedStr) for part in ast.walk(joined)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORMS:
                yield f"{path.name}:{node.lineno}", node, id(node) in within


def test_every_text_that_the_code_asks_for_is_in_the_catalog(catalog: Catalog) -> None:
    wrong = []
    for place, call, is_in_f_string in calls():
        asked = call.args[: FORMS[call.func.id]]  # type: ignore[attr-defined]
        literals = [
            one.value for one in asked if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
        ]
        if place.startswith("assets.py"):
            # The texts of the scripts, which the next test is about.
            continue
        # Babel does not look into f-strings.
        if len(literals) != len(asked) or is_in_f_string or not literals[0] or catalog.get(literals[0]) is None:
            wrong.append(place)
    assert not wrong, wrong


def test_every_text_that_a_script_asks_for_is_in_the_catalog(catalog: Catalog) -> None:
    scripts = "\n".join(file.read_text() for file in assets.FOLDER.glob("*.js"))
    asked = {json.loads(found) for found in assets.SCRIPT_TEXT.findall(scripts)}
    listed = {message.id for message in catalog if any(name.endswith(".js") for name, _line in message.locations)}
    # The example in the comment of texts.js is none.
    assert asked - listed == {"{count} found"}
    assert listed <= asked


def test_places_for_values_have_names(catalog: Catalog) -> None:
    for message in catalog:
        for text in (message.id,) if isinstance(message.id, str) else message.id:
            names = [place.partition(":")[0] for place in PLACE.findall(text)]
            assert all(name.isidentifier() for name in names), text


def test_english_needs_no_file_and_is_what_stands_in_the_code() -> None:
    assert AdminSettings(language="", language_folder=Path("/nowhere")).language == texts.language() == "en"
    assert _("Devices") == "Devices"
    assert [ngettext("{count} device", "{count} devices", count) for count in (0, 1, 2)] == [
        "{count} devices",
        "{count} device",
        "{count} devices",
    ]


def test_texts_are_those_of_the_language_and_english_where_it_has_none(german: Path) -> None:
    texts.use("de", german)
    assert _("Devices") == "Geräte"
    assert _("Members") == "Members"
    assert [ngettext("{count} device", "{count} devices", count).format(count=count) for count in (1, 2)] == [
        "1 Gerät",
        "2 Geräte",
    ]


def test_a_language_that_is_not_there_is_refused_with_those_that_are(german: Path) -> None:
    assert AdminSettings(language="de", language_folder=german).language == "de"
    with pytest.raises(ValidationError) as refused:
        AdminSettings(language="fr", language_folder=german)
    [line] = mistakes(refused.value)
    assert "SMITH_LANGUAGE" in line
    assert line.endswith("en, de")


@pytest.mark.parametrize("text", ["Devices", "Write {most:,} at most.", "ask on <b>Members</b>;", "{count} device"])
def test_the_language_of_tests_keeps_places_and_elements(text: str) -> None:
    pretended = pseudo_language.pretended(text)
    assert re.findall(r"\{[^}]*\}|<[^>]*>", pretended) == re.findall(r"\{[^}]*\}|<[^>]*>", text)
    assert len(pretended) >= 1.4 * len(text)
