"""Writes admin_ui/locale/admin_ui.pot, all texts of the web admin, and brings the catalogs of all languages up to it.

`--check` fails if a file is stale instead. `--language de` adds a language that is not there yet.
"""

import argparse
import io
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from admin_ui.texts import DOMAIN, FOLDER, catalog_of
from scripts.generated import ROOT, write_or_check

SOURCE = ROOT / "admin_ui"
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
WRITTEN_IN = [("static/**.js", "javascript"), ("templates/**.html", "jinja2"), ("**.py", "python")]
UNSTEADY = ('"POT-Creation-Date:', '"PO-Revision-Date:', '"Generated-By:')
"""Lines that say when and by what a file was written: they would differ each time."""
HEAD = "# Texts of the web admin. CONTRIBUTING.md says how to translate them. `make texts` brings this file up to date."


def empty(language: str | None = None) -> Catalog:
    """A catalog without texts."""
    return Catalog(
        language, domain=DOMAIN, project="activitysmith-server", version="0", header_comment=HEAD, fuzzy=False
    )


def template() -> Catalog:
    """All texts that stand in the code, with the files that they are in."""
    catalog = empty()
    for file, _line, text, comments, context in extract_from_dir(SOURCE, WRITTEN_IN):
        catalog.add(text, None, [(f"admin_ui/{Path(file).as_posix()}", 0)], auto_comments=comments, context=context)
    return catalog


def written(catalog: Catalog) -> bytes:
    """The catalog as a file, which is the same each time."""
    file = io.BytesIO()
    write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    lines = file.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(UNSTEADY)).encode()


def compiled(catalog: Catalog) -> bytes:
    """The catalog as the server reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def files(new: str | None) -> dict[Path, bytes]:
    """What all files should hold; `new` is a language to add."""
    found = template()
    wanted = {TEMPLATE: written(found)}
    sources = {file.parts[-3]: file for file in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po")}
    if new and new not in sources:
        sources[new] = catalog_of(new).with_suffix(".po")
    for name, source in sources.items():
        held = io.BytesIO(source.read_bytes()) if source.exists() else None
        catalog = empty(name) if held is None else read_po(held, locale=name, domain=DOMAIN)
        catalog.update(found, no_fuzzy_matching=True)
        text = written(catalog)
        wanted[source] = text
        # What a second look at the file says, which has no dates: so that the compiled one is the same each time, too.
        wanted[source.with_suffix(".mo")] = compiled(read_po(io.BytesIO(text), locale=name, domain=DOMAIN))
    return wanted


def main() -> None:
    """Writes, or checks with `--check`."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--language")
    chosen = arguments.parse_args()
    try:
        if chosen.language:
            Locale.parse(chosen.language)
    except (ValueError, UnknownLocaleError):
        arguments.error(f"{chosen.language} is no name of a language, such as de or pt_BR")
    write_or_check(files(chosen.language), check=chosen.check, command="make texts")


if __name__ == "__main__":
    main()
