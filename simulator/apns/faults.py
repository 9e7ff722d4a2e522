"""Ways in which the simulated APNs misbehaves on demand."""

import random
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_SCRIPTS = 100_000
MAX_STEPS = 1_000
EVERY_TOKEN = "*"  # noqa: S105 - a wildcard, not a secret

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Step(_Strict):
    """The fault of one request. Without any field: the normal answer."""

    status: Annotated[int, Field(ge=200, le=599)] | None = None
    """Answers with this status, without regard to the checks. With 200 the push reaches the phone."""
    reason: Annotated[str, Field(max_length=200)] | None = None
    timestamp: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """Milliseconds since the epoch, sent with the reason."""
    delay_seconds: Seconds = 0.0
    """The request is checked (and the push delivered) at once but answered this much later."""
    action: Literal["mute", "reset", "duplicate"] | None = None
    """`mute` never answers, `reset` resets the stream (neither delivers), `duplicate` answers twice."""
    code: Literal["REFUSED_STREAM", "INTERNAL_ERROR", "CANCEL"] = "REFUSED_STREAM"
    """The HTTP/2 error code of `reset`."""
    body: Literal["empty", "html", "empty_data", "split"] | None = None
    """`empty`: no DATA frame; `html`: not JSON; `empty_data`: an empty DATA frame; `split`: two DATA frames."""
    apns_id: Literal["upper"] | None = None
    """Answers with the `apns-id` in upper case."""


class FaultSettings(_Strict):
    """Faults that last until they are changed. The defaults are those of the real APNs, as far as it is known."""

    latency_seconds: Seconds = 0.0
    """Time from a complete request to its answer."""
    latency_jitter_seconds: Seconds = 0.0
    """Up to this much is added to the latency, evenly distributed."""
    first_settings_delay_seconds: Seconds = 0.0
    initial_streams: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    """Concurrent streams until the first request with a valid provider token."""
    streams: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1000
    settings_before_answer: bool = True
    """Whether the limit is raised before or after the answer to that first request."""
    drop_to_one_after_error: bool = False
    """One stream after a rejection (410 is none) until the next accepted push."""
    initial_window: Annotated[int, Field(ge=0, le=2**31 - 1)] = 65_535
    """Flow-control window of a new stream, in bytes."""
    withhold_window_updates: bool = False
    refuse_connections: bool = False
    mute_tls: bool = False
    """TCP connections are accepted, and nothing more happens."""
    mute_settings: bool = False
    """TLS works, but the first SETTINGS frame never comes."""
    reset_connections_per_minute: Annotated[int, Field(ge=0)] | None = None
    """New connections beyond this many a minute are reset."""
    wrong_environment: bool = False
    """Every token is a BadDeviceToken."""
    revoke_key: bool = False
    """Every provider token is an InvalidProviderToken."""
    wedge_after_expired_token: bool = False
    """After ExpiredProviderToken every answer of that connection is that."""
    clock_offset_seconds: Annotated[float, Field(ge=-(10**9), le=10**9)] = 0.0
    """How far APNs' clock is ahead when it checks the age of provider tokens."""
    rate_cap_per_token_per_minute: Annotated[int, Field(ge=0)] | None = None
    """More requests for one token within a minute get 429 TooManyRequests."""
    broadcast_enabled: bool = True
    """Whether the app may broadcast. If not, requests for channels are answered FeatureNotEnabled."""
    max_channels: Annotated[int, Field(ge=0, le=100_000)] = 10_000
    """Broadcast channels that the app may have."""
    accept_unknown_tokens: bool = False
    """Tokens that no phone has are accepted too; the pushes go nowhere."""
    idle_close_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    """A connection without any traffic for this long is closed with GOAWAY."""
    log_requests: bool = True


class ConnectionAction(_Strict):
    """An action on all open connections, done at once."""

    action: Literal["goaway", "reset", "set_streams", "silence", "answer"]
    """`goaway`, a TCP `reset`, a new limit of streams, `silence`: nothing is read or answered any more, or `answer`:
    requests that wait because of `latency_seconds` or `delay_seconds` wait no longer."""
    reason: Annotated[str, Field(max_length=200)] = "Shutdown"
    last_stream: Literal["all", "none", "half"] = "all"
    """Which of the open streams the GOAWAY says will still be answered: all, none, or the older half."""
    answer_rest: bool = True
    """Whether those streams are in fact answered."""
    close: bool = True
    """Whether the connection is closed after that."""
    value: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    """The new limit of `set_streams`."""


Script = Annotated[list[Step], Field(max_length=MAX_STEPS)]


class FaultChange(_Strict):
    """A change of faults; the others stay as they are."""

    tokens: Annotated[dict[str, Script], Field(max_length=MAX_SCRIPTS)] = {}
    """Scripts by token, by `broadcasts` or `channels` (their making and end), or by `*` for all without their own. An
    empty script removes the token's script."""
    settings: dict[str, Any] = {}
    connections: ConnectionAction | None = None


class _Cursor:
    __slots__ = ("position", "steps")

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.position = 0

    def next(self) -> Step:
        step = self.steps[self.position]
        self.position = min(self.position + 1, len(self.steps) - 1)
        return step


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self.settings = FaultSettings()
        self._every: list[Step] = []
        self._scripts: dict[str, _Cursor] = {}
        self._started: dict[str, _Cursor] = {}

    def change(self, change: FaultChange) -> None:
        """Merges `change`. Raises pydantic.ValidationError, leaving everything as it was, if a setting is wrong."""
        settings = FaultSettings.model_validate({**self.settings.model_dump(), **change.settings})
        if len(self._scripts) + len(change.tokens) > MAX_SCRIPTS:
            raise ValueError(f"more than {MAX_SCRIPTS} tokens have scripts; DELETE /apns/faults clears them")
        self.settings = settings
        for name, steps in change.tokens.items():
            token = name.lower()
            if token == EVERY_TOKEN:
                self._every, self._started = list(steps), {}
            elif steps:
                self._scripts[token] = _Cursor(list(steps))
            else:
                self._scripts.pop(token, None)

    def reset(self) -> None:
        """Removes all faults."""
        self.settings = FaultSettings()
        self._every, self._scripts, self._started = [], {}, {}

    def next_step(self, token: str) -> Step | None:
        """The step for the next request to `token`, which is used up unless it is the last; None without a script.

        Each token goes through the script for `*` on its own.
        """
        own = self._scripts.get(token)
        if own is not None:
            return own.next()
        if not self._every:
            return None
        if len(self._every) == 1:
            return self._every[0]
        cursor = self._started.get(token)
        if cursor is None:
            if len(self._started) >= MAX_SCRIPTS:
                return self._every[-1]
            cursor = self._started[token] = _Cursor(self._every)
        return cursor.next()

    def latency(self) -> float:
        """Seconds that the next request has to wait for its answer."""
        settings = self.settings
        if not settings.latency_jitter_seconds:
            return settings.latency_seconds
        return settings.latency_seconds + random.random() * settings.latency_jitter_seconds  # noqa: S311
