"""Keeps the Live Activity of a run up to date without delaying the command."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from activitysmith_cli.calls import Refused, Request, Unanswered, call, delete_stream, put_stream
from activitysmith_cli.connection import Server
from activitysmith_cli.output import refusal
from activitysmith_cli.running.card import Card

SLOWEST_SECONDS = 60.0
PAUSE_BEFORE_ANOTHER_TRY = 1.0


@dataclass(frozen=True)
class Ending:
    """The end of the command."""

    exit_code: int
    ended_by: str | None
    """The signal that ended it, if one did."""
    alert: bool
    """Whether phones show an alert with sound."""


class Hopeless(Exception):
    """The server refuses for good: a repeat would not help."""


class Reporter(threading.Thread):
    """Shows the card from `start` until `finish`. Reports a failure once on standard error."""

    def __init__(
        self,
        server: Server,
        stream_key: str,
        card: Card,
        *,
        extras: dict[str, Any],
        interval: float,
        warn: Callable[[str], None],
    ) -> None:
        """`extras`, such as the target, are sent with every state that may start a card. `interval` is in seconds."""
        super().__init__(daemon=True, name="reporter")
        self._server, self._stream_key, self._card, self._extras = server, stream_key, card, extras
        self._interval, self._warn = interval, warn
        self._began = time.monotonic()
        self._command_ended = threading.Event()
        self._ending: Ending | None = None
        self._deadline = 0.0
        self._shown = False
        self._told: set[str] = set()

    def run(self) -> None:
        """Runs the thread."""
        try:
            self._keep_up_to_date()
            self._show_end()
        except Hopeless as error:
            self._tell(str(error), "nothing more is shown, the command runs all the same")

    def finish(self, ending: Ending) -> None:
        """Shows the end. Returns when that has succeeded or failed, after the server's timeout at the latest."""
        self._ending = ending
        self._deadline = time.monotonic() + self._server.timeout
        self._command_ended.set()
        self.join(self._server.timeout)
        if self.is_alive():
            self._tell(
                f"{self._server.api_url} did not answer within {self._server.timeout:g} s", "its end is not shown"
            )

    def _keep_up_to_date(self) -> None:
        pause = 0.0
        while not self._command_ended.wait(pause):
            elapsed = time.monotonic() - self._began
            # Less often the longer it runs: seconds do not matter after an hour, and iPhones have budgets.
            pause = max(self._interval, min(elapsed / 60, SLOWEST_SECONDS))
            state = {"content_state": self._card.running(elapsed), **self._extras}
            why, retry_after = self._try(put_stream(self._stream_key, state))
            self._shown = self._shown or why is None
            if why is not None:
                self._tell(why, "the command runs all the same")
                pause = max(pause, retry_after)

    def _show_end(self) -> None:
        ending = self._ending
        if ending is None:
            raise RuntimeError("the command has not ended")
        state = self._card.ended(time.monotonic() - self._began, ending.exit_code, ending.ended_by)
        end: dict[str, Any] = {"content_state": state} | ({"alert": {}} if ending.alert else {})
        delete = delete_stream(self._stream_key, end)
        if self._shown:
            self._insist(delete)
        elif self._try_once(put_stream(self._stream_key, {"content_state": state, **self._extras})):
            # The server is back: at least show how it ended.
            self._insist(delete)

    def _insist(self, request: Request) -> None:
        while True:
            why, retry_after = self._try(request)
            if why is None:
                return
            pause = max(PAUSE_BEFORE_ANOTHER_TRY, retry_after)
            if time.monotonic() + pause > self._deadline:
                self._tell(why, "its end is not shown")
                return
            time.sleep(pause)

    def _try_once(self, request: Request) -> bool:
        why, _ = self._try(request)
        if why is not None:
            self._tell(why, "its end is not shown")
        return why is None

    def _try(self, request: Request) -> tuple[str | None, float]:
        """Makes the call. Returns why it failed, or None, and the seconds that the server asks to wait. Raises
        Hopeless."""
        try:
            call(self._server, request)
        except Unanswered as error:
            return str(error), 0.0
        except Refused as refused:
            answer = refused.answer
            if answer.status == 404 and request.method == "DELETE":
                # Another client has ended it.
                return None, 0.0
            why, _ = refusal(answer)
            if answer.status != 429 and answer.status < 500:
                raise Hopeless(why) from refused
            wait = answer.retry_after or ""
            return why, float(wait) if wait.isdecimal() else 0.0
        return None, 0.0

    def _tell(self, why: str, therefore: str) -> None:
        """Reports the failure, once for each cause."""
        if why not in self._told:
            self._told.add(why)
            self._warn(f"{why.rstrip('.')}; {therefore}")
