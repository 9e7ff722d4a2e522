"""A sender for tests that says at once what became of each push."""

from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Push, Target

ACCEPTED = Outcome(OutcomeKind.ACCEPTED)


class SayingSender:
    """Says `outcome` of every target, apart from those in `by_target`."""

    def __init__(self, outcome: Outcome = ACCEPTED) -> None:
        self.outcome = outcome
        self.by_target: dict[Target, Outcome] = {}

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """See PushSender."""
        for target in push.targets:
            on_outcome(target, self.by_target.get(target, self.outcome))
