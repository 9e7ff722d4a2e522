"""A language for tests, in which each text is known by its brackets and is longer: `Devices` is `⟦Ðévíçéšéñó⟧`.

It has a translation of every text of the catalog, so what a page says without brackets is data or was forgotten.
"""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from admin_ui.texts import DOMAIN, FOLDER, catalog_of

NAME = "en_XA"
OPEN, CLOSE = "⟦", "⟧"
LONGER = 0.4
KEPT = re.compile(r"(\{[^{}]*\}|<[^<>]*>)")
"""What a translation keeps as it is: places for values, and elements of HTML."""
ACCENTED = str.maketrans("aceinosuyACDEINOSUY", "áçéíñóšúýÁÇÐÉÍÑÓŠÚÝ")
SHORT = 12
"""Texts that are mostly one word, which becomes a longer one: it cannot be broken."""


def pretended(text: str) -> str:
    """The text in this language."""
    words = "".join(part if KEPT.fullmatch(part) else part.translate(ACCENTED) for part in KEPT.split(text))
    more = round(LONGER * len(text)) or 1
    filling = "éñóšú" if len(text) <= SHORT else " éñó šúá"
    return f"{OPEN}{words}{(filling * more)[:more]}{CLOSE}"


def install(folder: Path) -> None:
    """Writes the compiled catalog of this language into a folder of languages."""
    template = read_po(io.BytesIO((FOLDER / f"{DOMAIN}.pot").read_bytes()))
    catalog = Catalog(domain=DOMAIN)
    for message in template:
        if isinstance(message.id, str):
            if message.id:
                catalog.add(message.id, pretended(message.id))
        else:
            catalog.add(message.id, tuple(map(pretended, message.id)))
    file = catalog_of(NAME, folder)
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        write_mo(out, catalog)
