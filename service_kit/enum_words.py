"""Values of an enum by the words that stand for them, and what an option says of each."""

from typing import Any

from google.protobuf.descriptor import EnumDescriptor


def by_word(enum: EnumDescriptor, option: Any) -> dict[str, tuple[Any, Any]]:
    """Number and `option` of each value but the first, by its word: its name without the enum's in CamelCase
    (`REASON_BAD_TOPIC` of `Reason` is `BadTopic`), and by each of the option's `also`."""
    found = {}
    for value in enum.values[1:]:
        said = value.GetOptions().Extensions[option]
        word = value.name.removeprefix(f"{enum.name.upper()}_").title().replace("_", "")
        found.update(dict.fromkeys((word, *said.also), (value.number, said)))
    return found
