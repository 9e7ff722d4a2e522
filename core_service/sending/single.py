"""A push to one target, whose sender waits for what becomes of it."""

import asyncio

from core_service.sending.port import Outcome, Push, PushSender, Target


async def outcome_of(sender: PushSender, push: Push) -> Outcome:
    """Submits a push with one target and returns its outcome."""
    answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def on_outcome(_: Target, outcome: Outcome) -> None:
        if not answer.done():
            answer.set_result(outcome)

    sender.submit(push, on_outcome)
    return await answer
