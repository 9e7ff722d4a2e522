"""What a phone gets whose app cannot decode a content state of today.

An app decodes what it knows, and iOS drops the whole push without a word if a known key has another kind of value.
Phones report with their tokens which content states they decode, as a number that counts the contracts:

1. March 2026, and every phone that reports nothing: numbers in `metrics` and `value`; the types `segmented_progress`,
   `progress`, `metrics`, `counter`, `timer` (by steps) and `countdown`.
2. November 2026: everything.

| state | what a phone of 1 gets |
|---|---|
| a text in `metrics` | the number that it is, with its unit; otherwise `label: text` in the subtitle |
| `stats` | `metrics` |
| `alert` | `metrics` without any, the message in the subtitle |
| `value` | `metrics` with one, named as the title; a text in the subtitle |
| `timer` that runs by itself | `metrics` without any, its end in the subtitle |

An app of 1 draws no button for a type that it does not know, so it gets a type that it knows. Everything else it
ignores.
"""

import re
from collections.abc import Mapping
from typing import Any

from core_service.live_activities.state.content_state import plain
from core_service.live_activities.state.words import BETWEEN, metric_words, timer_words

MARCH_2026 = 1
NEWEST = 2
"""The contracts by their numbers."""

NUMBER_WITH_UNIT = re.compile(r"\s*([-+]?[0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([^0-9.,\s][^0-9]{0,7})?\s*")
METRICS = "metrics"


def for_app(fields: Mapping[str, Any], content_version: int) -> Mapping[str, Any]:
    """The fields that a phone gets whose app decodes this contract: the same object if it can show all of it."""
    if content_version >= NEWEST:
        return fields
    match fields["type"]:
        case "metrics" | "stats":
            metrics, texts = _numbers(fields[METRICS])
            is_same = fields["type"] == METRICS and all(
                isinstance(one["value"], int | float) for one in fields[METRICS]
            )
            return fields if is_same else _as_metrics(fields, metrics, texts)
        case "alert":
            return _as_metrics(fields, [], [fields["message"]])
        case "value":
            metrics, texts = _numbers([{"label": fields["title"], "value": fields["value"]}], named=False)
            return _as_metrics(fields, metrics, texts)
        case "timer" if "timer" in fields:
            return _as_metrics(fields, [], [timer_words(fields["timer"])])
    return fields


def is_simpler(fields: Mapping[str, Any], *, has_second_button: bool) -> bool:
    """Whether an app of March gets less than this."""
    return has_second_button or for_app(fields, MARCH_2026) is not fields


def _as_metrics(fields: Mapping[str, Any], metrics: list[dict[str, Any]], texts: list[str]) -> dict[str, Any]:
    shown = {name: fields[name] for name in ("title", "color") if name in fields}
    if said := [text for text in (fields.get("subtitle"), *texts) if text]:
        shown["subtitle"] = BETWEEN.join(said)
    return shown | {"type": METRICS, METRICS: metrics}


def _numbers(metrics: list[dict[str, Any]], *, named: bool = True) -> tuple[list[dict[str, Any]], list[str]]:
    """The metrics that are numbers, and the others in words."""
    numbers, texts = [], []
    for metric in metrics:
        value, unit = metric["value"], metric.get("unit")
        if isinstance(value, str):
            if not (found := NUMBER_WITH_UNIT.fullmatch(value)):
                texts.append(metric_words(metric) if named else value)
                continue
            value, unit = plain(float(found[1])), f"{found[2] or ''}{unit or ''}"
        numbers.append({"label": metric["label"], "value": value} | ({"unit": unit} if unit else {}))
    return numbers, texts
