"""What core says of a field by its name in the API, in the words of a form."""

import re
from collections.abc import Mapping

from admin_ui.core import Refused

PATH = re.compile(r"[a-z_]+(?:\[\d+\]|\.[a-z_]+)*")


def field_of(refusal: Refused) -> str:
    """Path of the field that the refusal is about, as the API names it; empty if it names none."""
    found = PATH.match(refusal.message)
    return found[0] if found else ""


def in_words_of_form(message: str, label: str) -> str:
    """The message with the form's label in the place of the API's name: `slug must be …` becomes `Slug must be …`."""
    words = PATH.sub(lambda _: label, message, count=1) if PATH.match(message) else message
    return words.replace("`", "")


def show_refusal(refusal: Refused, labels: Mapping[str, str]) -> tuple[str, str]:
    """The form's field that the refusal is about and what to say there; the field is empty if it is none of `labels`,
    which gives the form's words for fields of the API."""
    path = field_of(refusal)
    if refusal.reason == "INVALID_REQUEST" and path in labels:
        return path, in_words_of_form(refusal.message, labels[path])
    return "", refusal.message.replace("`", "")
