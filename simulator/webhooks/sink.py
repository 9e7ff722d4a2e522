"""Keeps the calls that reached it."""

from collections import OrderedDict, deque
from dataclasses import dataclass

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


class WebhookSink:
    """The last 1,000 calls for each of the 1,000 names called last, at most 64 MB in all."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[WebhookCall]] = OrderedDict()
        self._bytes = 0

    def record(self, name: str, call: WebhookCall) -> None:
        """Keeps `call`; what no longer fits is dropped, beginning with the name that was not called for longest."""
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

    def calls(self, name: str) -> list[WebhookCall]:
        """The calls of `name`, newest last."""
        return list(self._calls.get(name, ()))

    def _drop(self, calls: deque[WebhookCall]) -> None:
        self._bytes -= calls.popleft().size
