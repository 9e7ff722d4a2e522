"""Splits text into graphemes (characters as people see them), and cleans text for display.

The boundaries are those of Unicode's UAX #29 (extended grapheme clusters), as far as they matter for cutting a text: in
doubt two characters stay together. The standard library does not have these boundaries, and a dependency only for
cutting is too much.
"""

import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
WIDE = frozenset("WF")
MARKS = frozenset(("Mn", "Mc", "Me"))
VIRAMA = 9
"""Canonical combining class of the sign that joins two consonants."""

PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Characters that are drawn around the number after them."""
KEPT_FORMATS = PREPENDED | frozenset(f"{ZWNJ}{ZWJ}\u00ad\u061c\u200e\u200f\u2060")
"""Invisible characters that words and emoji need: joiners, direction marks, soft hyphens. Characters that change the
direction of all following text are not among them: they can make a text look like another."""


def shown(text: str) -> str:
    """The text with a space for each control character, and without unneeded invisible characters."""
    kept: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cc", "Co", "Cs", "Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category == "Cf":
            if character in KEPT_FORMATS or (_is_tag(character) and kept and _may_be_tagged(kept[-1])):
                kept.append(character)
        elif not _is_noncharacter(character):
            # A character that is unassigned in this Python may be a newer emoji.
            kept.append(character)
    return "".join(kept)


def graphemes(text: str) -> list[str]:
    """The graphemes of the text."""
    pieces: list[str] = []
    for character in text:
        if pieces and _joins(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def cut(text: str, length: int) -> str:
    """The text, or its beginning with an ellipsis, `length` code points at most."""
    if len(text) <= length:
        return text
    beginning = ""
    for piece in graphemes(text):
        if len(beginning) + len(piece) >= length:
            break
        beginning += piece
    # A single grapheme that is longer than the limit is not real text.
    return (beginning or text[: length - 1]).rstrip() + "…"


def without_cut_start(text: str) -> str:
    """The text without the leading part of a grapheme whose beginning was cut off."""
    start = 0
    while start < len(text) and _extends(text[start]):
        start += 1
    return text[start:]


def overwritten(text: str) -> str:
    """The text as a terminal shows it, where characters after backspaces overwrite earlier ones."""
    if "\b" not in text:
        return text
    cells: list[str] = []
    place = 0
    for piece in graphemes(text):
        if piece == "\b":
            place = max(0, place - 1)
            continue
        width = 2 if unicodedata.east_asian_width(piece[0]) in WIDE else 1
        cells += [" "] * (place + width - len(cells))
        # The second half of a wide character is an empty cell. Half a character is not shown.
        if cells[place] == "" and place:
            cells[place - 1] = " "
        if place + width < len(cells) and cells[place + width] == "":
            cells[place + width] = " "
        cells[place : place + width] = [piece, ""][:width]
        place += width
    return "".join(cells)


def _joins(piece: str, character: str) -> bool:
    """Whether the character belongs to the piece before it."""
    last = piece[-1]
    if last == "\b" or character == "\b":
        return False
    if _extends(character) or last == ZWJ or last in PREPENDED:
        return True
    if _is_regional(character):
        return _is_regional(last) and len(piece) % 2 == 1
    if unicodedata.combining(last) == VIRAMA:
        return unicodedata.category(character) == "Lo"
    return _is_hangul_sequence(last, character)


def _extends(character: str) -> bool:
    return (
        character in (ZWNJ, ZWJ, "\uff9e", "\uff9f")
        or unicodedata.category(character) in MARKS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or _is_tag(character)
    )


def _is_tag(character: str) -> bool:
    return "\U000e0020" <= character <= "\U000e007f"


def _may_be_tagged(character: str) -> bool:
    """Tags spell the region of a flag after its emoji. Elsewhere they hide a text in another."""
    return _is_tag(character) or unicodedata.category(character) == "So"


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_noncharacter(character: str) -> bool:
    return "\ufdd0" <= character <= "\ufdef" or ord(character) & 0xFFFE == 0xFFFE


def _is_hangul_sequence(last: str, character: str) -> bool:
    """Whether the two are parts of one syllable, which may be written in two or three letters."""
    leading, later = "\u1100" <= last <= "\u115f", "\u1160" <= last <= "\u11ff"
    syllable = "\uac00" <= last <= "\ud7a3"
    if "\u1160" <= character <= "\u11ff":
        return leading or later or syllable
    return leading and ("\u1100" <= character <= "\u115f" or "\uac00" <= character <= "\ud7a3")
