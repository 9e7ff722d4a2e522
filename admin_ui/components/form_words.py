"""What core says of a field by its name in the API, in the words of a form."""

from collections.abc import Mapping

from admin_ui.core import Refused


def in_words_of_form(message: str, path: str, label: str) -> str:
    """The message with the form's label in the place of the field's path: `slug must be …` becomes `Slug must be …`.

    `path` is how the API names the field, empty for none. A message that does not begin with it stays as it is.
    """
    begins_with_it = bool(path) and message.startswith(path)
    words = label + message[len(path) :] if begins_with_it else message
    return words.replace("`", "")


def show_refusal(refusal: Refused, labels: Mapping[str, str]) -> tuple[str, str]:
    """The form's field that the refusal is about and what to say there; the field is empty if it is none of `labels`,
    which gives the form's words for fields of the API. A fault of one item, as `channels[3]`, is one of the list."""
    name = refusal.field.partition("[")[0]
    if name not in labels:
        return "", refusal.message.replace("`", "")
    return name, in_words_of_form(refusal.message, refusal.field, labels[name])
