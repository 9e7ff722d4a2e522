"""The texts of all pages in the language of this server.

English is the source: it stands in the code, where a reader sees it in context, and is the key of the other languages.
`locale/admin_ui.pot` lists all texts, and `locale/<language>/LC_MESSAGES/` holds what they are in another language, in
the form of GNU gettext. Texts that a module keeps are translated when it is loaded, so the language is set before the
pages are.
"""

from collections.abc import Callable
from gettext import GNUTranslations
from pathlib import Path

SOURCE = "en"
"""The language in which the texts stand in the code."""
FOLDER = Path(__file__).parent / "locale"
DOMAIN = "admin_ui"


def _as_it_stands(text: str) -> str:
    return text


def _english_plural(singular: str, plural: str, count: int) -> str:
    return singular if count == 1 else plural


_find: Callable[[str], str] = _as_it_stands
_find_plural: Callable[[str, str, int], str] = _english_plural
_language = SOURCE


def _(text: str) -> str:
    """The text in the language of this server; the text itself if it was not translated.

    Values are put in afterwards, so that a translator can move them: `_("{name} is paused").format(name=name)`. `text`
    is a literal and not empty, as what is not written here in the code is in no catalog.
    """
    return _find(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The one of the two texts that fits the number, in the language of this server; languages may have more forms."""
    return _find_plural(singular, plural, count)


def language() -> str:
    """The language of this server, as in `en` or `pt_BR`."""
    return _language


def language_tag() -> str:
    """The same as HTML and browsers write it, as in `pt-BR` (BCP 47)."""
    return _language.replace("_", "-")


def catalog_of(name: str, folder: Path = FOLDER) -> Path:
    """Where the compiled catalog of a language is."""
    return folder / name / "LC_MESSAGES" / f"{DOMAIN}.mo"


def languages(folder: Path = FOLDER) -> list[str]:
    """All languages that there are, English first."""
    return [SOURCE, *sorted(file.parts[-3] for file in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))]


def use(name: str, folder: Path = FOLDER) -> None:
    """Takes all texts from the catalog of this language. English needs none, and reads no file.

    Call it before the pages are loaded. Raises OSError if there is no such catalog, and what reading it fails with.
    """
    global _find, _find_plural, _language  # noqa: PLW0603 - one language for a process, as NiceGUI is one
    if name == SOURCE:
        _find, _find_plural = _as_it_stands, _english_plural
    else:
        with catalog_of(name, folder).open("rb") as file:
            catalog = GNUTranslations(file)
        _find, _find_plural = catalog.gettext, catalog.ngettext
    _language = name
