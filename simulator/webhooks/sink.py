"""Stores received calls, and answers them with the set answers."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_NAMES = 1000
MAX_CALLS = 1000
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """One HTTP request."""

    method: str
    query: str
    headers: dict[str, str]
    body: str
    received_at: str

    @property
    def size(self) -> int:
        """Roughly the bytes it takes."""
        return len(self.body) + len(self.query) + sum(len(name) + len(value) for name, value in self.headers.items())


class ScriptedAnswer(BaseModel):
    """The answer to one call."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    status: Annotated[int, Field(ge=200, le=599)] = 200
    body: Annotated[str, Field(max_length=200_000)] = ""
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z-]+$")], Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]] = {}
    delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0


UNSCRIPTED = ScriptedAnswer(body='{"received":true}')


class WebhookSink:
    """The last 1,000 calls for each of the 1,000 names that were called last, 64 MB in all at most, and the answers to
    the next calls."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[WebhookCall]] = OrderedDict()
        self._bytes = 0
        self._answers: OrderedDict[str, deque[ScriptedAnswer]] = OrderedDict()

    def take(self, name: str, call: WebhookCall) -> ScriptedAnswer:
        """Stores `call` and returns the answer to give. Drops calls that no longer fit, first those of the name that
        was not called for longest."""
        calls = self._calls.setdefault(name, deque())
        self._calls.move_to_end(name)
        calls.append(call)
        self._bytes += call.size
        while len(calls) > MAX_CALLS:
            self._drop(calls)
        while len(self._calls) > MAX_NAMES or self._bytes > MAX_BYTES:
            oldest = next(iter(self._calls))
            self._drop(self._calls[oldest])
            if not self._calls[oldest]:
                del self._calls[oldest]
        script = self._answers.get(name)
        return script.popleft() if script else UNSCRIPTED

    def calls(self, name: str) -> list[WebhookCall]:
        """The calls of `name`, newest last."""
        return list(self._calls.get(name, ()))

    def script(self, name: str, answers: list[ScriptedAnswer]) -> None:
        """Sets the answers to the next calls of `name`, one after the other; all later ones get 200."""
        self._answers[name] = deque(answers)
        self._answers.move_to_end(name)
        while len(self._answers) > MAX_NAMES:
            self._answers.popitem(last=False)

    def _drop(self, calls: deque[WebhookCall]) -> None:
        self._bytes -= calls.popleft().size
