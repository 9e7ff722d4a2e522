"""Replaces the API's field names in core's messages with the labels of a form."""

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
    """The field that the refusal is about, and the message to show there.

    `labels` maps fields of the API to the form's labels. The field is empty if it is not in `labels`. An error of one
    item, such as `channels[3]`, counts as an error of the list.
    """
    name = refusal.field.partition("[")[0]
    if name not in labels:
        return "", refusal.message.replace("`", "")
    return name, in_words_of_form(refusal.message, refusal.field, labels[name])
