"""Whether refused device tokens are their own fault, or the fault of the line that they were sent over.

In the wrong environment, or with the wrong topic, APNs refuses every token, one by one, with the words that it has for
a token that is truly bad. To believe it would cost every phone; not to believe it would repeat pushes to bad tokens for
ever. So a few are believed, and more only as others are accepted meanwhile.
"""

import uuid
from collections import OrderedDict

MAX_BELIEVED = 5
"""Refused tokens that are believed though no other token was accepted meanwhile."""

WINDOW_SECONDS = 24 * 3600.0
"""A refusal is forgotten after this, though nothing was accepted since."""

MAX_ACCEPTED = 64
"""Accepted tokens that are remembered, so that each speaks for the line once in a while and not with every push."""


class Suspicion:
    """What is held against one line. Times are seconds of a clock that does not go back."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, tuple[float, uuid.UUID | None]] = OrderedDict()
        """Tokens that were believed to be bad and that no accepted one makes up for, oldest first: when, and of which
        account."""
        self._accepted: OrderedDict[str, None] = OrderedDict()

    def refused(self, token: str, now: float, account_id: uuid.UUID | None = None) -> bool:
        """APNs refused the token. True: the line is to blame, because more than half of what it said lately about
        different tokens is that, and more than five times; the token is not to be believed bad."""
        while self._refused and now - next(iter(self._refused.values()))[0] > WINDOW_SECONDS:
            self._refused.popitem(last=False)
        if token in self._refused:
            return False
        if len(self._refused) >= MAX_BELIEVED:
            return True
        self._refused[token] = (now, account_id)
        self._accepted.pop(token, None)
        return False

    def is_of_one(self, account_id: uuid.UUID | None) -> bool:
        """Whether nobody's tokens but the account's are held against the line: it may be all its own fault."""
        return all(other == account_id for _, other in self._refused.values())

    def accepted(self, token: str) -> bool:
        """APNs accepted a push to the token, which makes up for one refused. True if none is left."""
        if token in self._refused:
            del self._refused[token]
        elif token not in self._accepted and self._refused:
            self._accepted[token] = None
            if len(self._accepted) > MAX_ACCEPTED:
                self._accepted.popitem(last=False)
            self._refused.popitem(last=False)
        if self._refused:
            return False
        self._accepted.clear()
        return True
