"""A sender for tests that keeps pushes until the test says what became of them."""

import asyncio
import json
from dataclasses import dataclass

from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Push, Target
from tests.core.harness import DEADLINE_SECONDS

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)


@dataclass(frozen=True)
class Attempt:
    """A push to one device."""

    push: Push
    target: Target
    _on_outcome: OnOutcome

    @property
    def number(self) -> int:
        """The number for the icon that it carries."""
        return int(json.loads(self.push.payload)["aps"]["badge"])

    def ends(self, outcome: Outcome = ACCEPTED) -> None:
        """This became of it."""
        self._on_outcome(self.target, outcome)


class HangingSender:
    """Keeps each push, or says `answer` of all at once if there is one."""

    def __init__(self) -> None:
        self.answer: Outcome | None = None
        self.sent: list[Attempt] = []
        """All attempts so far, in their order."""
        self._news: asyncio.Queue[Attempt] = asyncio.Queue()

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """See PushSender."""
        for target in push.targets:
            attempt = Attempt(push, target, on_outcome)
            self.sent.append(attempt)
            if self.answer is not None:
                attempt.ends(self.answer)
            else:
                self._news.put_nowait(attempt)

    async def next(self) -> Attempt:
        """The next attempt that the test has not seen."""
        return await asyncio.wait_for(self._news.get(), DEADLINE_SECONDS)
