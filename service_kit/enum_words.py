"""Values of an enum by the words that stand for them, and what their options say of each."""

from typing import Any

from google.protobuf.descriptor import EnumDescriptor


def by_word(enum: EnumDescriptor, groups: EnumDescriptor) -> dict[str, tuple[Any, Any]]:
    """Number and option of each value but the first, by its word: its name without the enum's in CamelCase
    (`REASON_BAD_TOPIC` of `Reason` is `BadTopic`), and by each of the option's `also`.

    A value has one option, which is a message. What it leaves open, the value of `groups` with the same option says.
    """
    of_group = {option.full_name: said for group in groups.values for option, said in group.GetOptions().ListFields()}
    found = {}
    for value in enum.values[1:]:
        [(option, said)] = value.GetOptions().ListFields()
        whole = type(said)()
        whole.CopyFrom(of_group[option.full_name])
        whole.MergeFrom(said)
        word = value.name.removeprefix(f"{enum.name.upper()}_").title().replace("_", "")
        found.update(dict.fromkeys((word, *whole.also), (value.number, whole)))
    return found
