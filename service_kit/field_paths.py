"""Paths of values in a JSON document, such as `content_state.metrics[2].value`."""

import json
import re
from collections.abc import Iterable

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_STEPS = 32
"""Most steps of a path. Carried objects may not nest deeper, so paths stay short."""


def prefixed(step: str | int, path: str) -> str:
    """`path` with a step before it: the key or index of the value in which it starts."""
    return joined(_step(step), path)


def joined(path: str, below: str) -> str:
    """The path of the value `below` the value at `path`. Either may be empty."""
    joint = "." if path and below and not below.startswith("[") else ""
    return f"{path}{joint}{below}"


def written(steps: Iterable[str | int]) -> str:
    """The path of these steps, its first 32 steps if it has more."""
    path = ""
    for step in reversed(list(steps)[:MAX_STEPS]):
        path = prefixed(step, path)
    return path


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    # A key is the caller's text: it is escaped and cut, so that the path stays short and valid.
    return step if PLAIN_NAME.fullmatch(step) else json.dumps(step[:64])
